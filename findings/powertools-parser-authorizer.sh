#!/usr/bin/env bash
# A REST API has a Lambda authorizer that returns a context (the caller's tenant). The function
# validates its event with Powertools' APIGatewayProxyEventSchema.
# Expected: the parsed event has the authorizer's context, as the event itself does.
# What happens: the schema knows only principalId and integrationLatency and drops everything else
# without an error, so the tenant is gone. It also refuses the event in AWS's documentation of
# format 1.0 for HTTP APIs, whose authorizer is {"claims": null, "scopes": null}, and the event of
# a JWT authorizer on a route without scopes ("scopes": null).
# Why it matters: the function silently loses what the authorizer found out about the caller, and
# it refuses events that AWS sends.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @aws-lambda-powertools/parser@2.35.0 zod@4.6.7 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { APIGatewayProxyEventSchema } from '@aws-lambda-powertools/parser/schemas/api-gateway'
import { readFileSync } from 'node:fs'

for (const name of ['@aws-lambda-powertools/parser', 'zod']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const event = (authorizer) => ({
  resource: '/my/path',
  path: '/my/path',
  httpMethod: 'GET',
  headers: { header1: 'value1' },
  multiValueHeaders: { header1: ['value1'] },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: null,
  stageVariables: null,
  requestContext: {
    accountId: '123456789012',
    apiId: 'id',
    authorizer,
    domainName: 'id.execute-api.us-east-1.amazonaws.com',
    domainPrefix: 'id',
    extendedRequestId: 'request-id',
    httpMethod: 'GET',
    identity: { sourceIp: '192.0.2.1', userAgent: 'user-agent' },
    path: '/my/path',
    protocol: 'HTTP/1.1',
    requestId: 'id=',
    requestTime: '04/Mar/2020:19:15:17 +0000',
    requestTimeEpoch: 1583349317135,
    resourceId: null,
    resourcePath: '/my/path',
    stage: '$default',
  },
  body: null,
  isBase64Encoded: false,
})

let changed = false
for (const [what, authorizer, expected] of [
  ['Lambda authorizer with a context', { principalId: 'ann', integrationLatency: 12, tenant: 'acme' }, '{"integrationLatency":12,"principalId":"ann"}'],
  ["the documentation's event", { claims: null, scopes: null }, 'refused'],
  ['JWT authorizer, no scopes', { claims: { sub: 'ann' }, scopes: null }, 'refused'],
]) {
  const { success, data } = APIGatewayProxyEventSchema.safeParse(event(authorizer))
  const got = success ? JSON.stringify(data.requestContext.authorizer) : 'refused'
  console.log(`\n${what}\n  in the event  ${JSON.stringify(authorizer)}\n  once parsed   ${got}`)
  changed ||= got !== expected
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
