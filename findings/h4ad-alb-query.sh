#!/usr/bin/env bash
# An Express application runs behind an Application Load Balancer, with @h4ad/serverless-adapter.
# A client requests /teas?name=Earl%20Grey&with=milk%26sugar.
# Expected: req.query.name is "Earl Grey", as behind API Gateway.
# What happens: AWS documents that a load balancer does not decode the query string, so the event
# has "Earl%20Grey". API Gateway decodes it. The adapter encodes the values of both events, so
# Express decodes %2520 to the text "Earl%20Grey".
# Why it matters: a search finds nothing, and the application stores encoded text. Letters and
# digits, which most tests use, are right.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @h4ad/serverless-adapter@4.4.0 express@5.3.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { ServerlessAdapter } from '@h4ad/serverless-adapter'
import { AlbAdapter, ApiGatewayV1Adapter } from '@h4ad/serverless-adapter/adapters/aws'
import { ExpressFramework } from '@h4ad/serverless-adapter/frameworks/express'
import { DefaultHandler } from '@h4ad/serverless-adapter/handlers/default'
import { PromiseResolver } from '@h4ad/serverless-adapter/resolvers/promise'
import express from 'express'
import { readFileSync } from 'node:fs'

for (const name of ['@h4ad/serverless-adapter', 'express']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const app = express()
app.get('/teas', (req, res) => res.json(req.query))

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html: "If the query
// parameters are URL-encoded, the load balancer does not decode them."
const alb = {
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef' } },
  httpMethod: 'GET',
  path: '/teas',
  queryStringParameters: { name: 'Earl%20Grey', with: 'milk%26sugar' },
  headers: { host: 'shop.example.com' },
  body: '',
  isBase64Encoded: false,
}
const rest = {
  resource: '/{proxy+}',
  path: '/teas',
  httpMethod: 'GET',
  headers: { host: 'shop.example.com' },
  multiValueHeaders: { host: ['shop.example.com'] },
  queryStringParameters: { name: 'Earl Grey', with: 'milk&sugar' },
  multiValueQueryStringParameters: { name: ['Earl Grey'], with: ['milk&sugar'] },
  pathParameters: { proxy: 'teas' },
  stageVariables: null,
  requestContext: { httpMethod: 'GET', path: '/teas', stage: 'prod', requestId: 'id', identity: { sourceIp: '192.0.2.1' } },
  body: null,
  isBase64Encoded: false,
}

const handler = ServerlessAdapter.new(app)
  .setFramework(new ExpressFramework())
  .setHandler(new DefaultHandler())
  .setResolver(new PromiseResolver())
  .addAdapter(new ApiGatewayV1Adapter())
  .addAdapter(new AlbAdapter())
  .build()
let changed = false
for (const [name, event, expected] of [
  ['REST API', rest, '{"name":"Earl Grey","with":"milk&sugar"}'],
  ['load balancer', alb, '{"name":"Earl%20Grey","with":"milk%26sugar"}'],
]) {
  const { body } = await handler(event, {})
  console.log(`\n${name}: GET /teas?name=Earl%20Grey&with=milk%26sugar\n  req.query is ${body}`)
  changed ||= body !== expected
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
