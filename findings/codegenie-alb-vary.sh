#!/usr/bin/env bash
# An Express application runs behind an Application Load Balancer whose target group has no
# multi-value headers, which is the default. It appends to Vary twice, as CORS and a translation
# middleware do.
# Expected: the adapter joins the values with a comma, which means the same, as behind an HTTP
# API.
# What happens: @codegenie/serverless-express returns only the first value of each repeated
# header: Vary is "Origin", and one of two Link headers is lost. There is no error.
# Why it matters: a cache in front stores the French page and gives it to everyone.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @codegenie/serverless-express@5.0.0 express@5.3.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import serverlessExpress from '@codegenie/serverless-express'
import express from 'express'
import { readFileSync } from 'node:fs'

for (const name of ['@codegenie/serverless-express', 'express']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const app = express()
app.get('/page', (req, res) => {
  res.append('Vary', 'Origin').append('Vary', 'Accept-Language')
  res.append('Link', '</a.css>; rel=preload').append('Link', '</b.js>; rel=preload')
  res.send('bonjour')
})

const alb = {
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef' } },
  httpMethod: 'GET',
  path: '/page',
  queryStringParameters: {},
  headers: { host: 'shop.example.com' },
  body: '',
  isBase64Encoded: false,
}
const http = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/page',
  rawQueryString: '',
  headers: { host: 'shop.example.com' },
  requestContext: {
    domainName: 'shop.example.com',
    http: { method: 'GET', path: '/page', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
    requestId: 'id',
    routeKey: '$default',
    stage: '$default',
  },
  isBase64Encoded: false,
}

const handler = serverlessExpress({ app })
let changed = false
for (const [name, event, vary, link] of [
  ['HTTP API', http, 'Origin,Accept-Language', '</a.css>; rel=preload,</b.js>; rel=preload'],
  ['load balancer', alb, 'Origin', '</a.css>; rel=preload'],
]) {
  const { headers } = await handler(event, {})
  console.log(`\n${name}\n  vary: ${headers.vary}\n  link: ${headers.link}`)
  changed ||= headers.vary !== vary || headers.link !== link
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
