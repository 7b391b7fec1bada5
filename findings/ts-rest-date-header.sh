#!/usr/bin/env bash
# A ts-rest function behind a REST API (format 1.0) sets Last-Modified and a Content-Disposition
# with a comma in the name of the file.
# Expected: the client gets both headers as they were set, as behind an HTTP API.
# What happens: for format 1.0, ts-rest splits all headers at each comma and returns the parts in
# multiValueHeaders, beside the whole value in headers. If a header is in both, API Gateway merges
# them into one list. So the client gets several Last-Modified, of which one is a date at best.
# Expires and all other headers with a date or a quoted comma are split, too.
# Why it matters: caches that read the first value find no date, and browsers may save downloads
# under half of their names.
# Rule: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts \
	@ts-rest/serverless@3.52.1 @ts-rest/core@3.52.1 zod@3.25.76 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { initContract } from '@ts-rest/core'
import { createLambdaHandler } from '@ts-rest/serverless/aws'
import { readFileSync } from 'node:fs'
import { z } from 'zod'

for (const name of ['@ts-rest/serverless', '@ts-rest/core']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const sent = {
  'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT',
  'content-disposition': 'attachment; filename="teas, green.json"',
}
const contract = initContract().router({ teas: { method: 'GET', path: '/teas', responses: { 200: z.any() } } })
const handler = createLambdaHandler(contract, {
  teas: async (_, { responseHeaders }) => {
    for (const [name, value] of Object.entries(sent)) responseHeaders.set(name, value)
    return { status: 200, body: ['sencha'] }
  },
})

const http = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/teas',
  rawQueryString: '',
  headers: { host: 'api.example.com' },
  requestContext: { http: { method: 'GET', path: '/teas', sourceIp: '192.0.2.1' }, stage: '$default' },
  isBase64Encoded: false,
}
const rest = {
  resource: '/{proxy+}',
  path: '/teas',
  httpMethod: 'GET',
  headers: { Host: 'api.example.com' },
  multiValueHeaders: { Host: ['api.example.com'] },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: { proxy: 'teas' },
  requestContext: { httpMethod: 'GET', path: '/teas', stage: 'prod' },
  body: null,
  isBase64Encoded: false,
}

// As API Gateway sends it: both members in one list, without values that are in both.
const received = ({ headers = {}, multiValueHeaders = {} }, name) => [
  ...new Set([...(multiValueHeaders[name] ?? []), ...(headers[name] ? [headers[name]] : [])]),
]
let changed = false
for (const [name, event, wants] of [
  ['HTTP API', http, Object.values(sent).map((value) => [value])],
  ['REST API', rest, [
    ['Wed', '21 Oct 2026 07:28:00 GMT', sent['last-modified']],
    ['attachment; filename="teas', 'green.json"', sent['content-disposition']],
  ]],
]) {
  const { statusCode, ...answer } = await handler(event, {})
  console.log(`\n${name}: ${statusCode}`)
  Object.keys(sent).forEach((header, i) => {
    const got = received(answer, header)
    for (const value of got) console.log(`  ${header}: ${value}`)
    changed ||= statusCode !== 200 || JSON.stringify(got) !== JSON.stringify(wants[i])
  })
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
