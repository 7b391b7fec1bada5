#!/usr/bin/env bash
# A function behind an Application Load Balancer runs a Hono application in middy, with middy's
# http-event-normalizer. The target group has no multi-value headers, which is the default.
# Expected: the normalizer only adds what is missing, and the application sees the same request.
# What happens: events of a load balancer have no "version", so the normalizer takes them for API
# Gateway's format 1.0 and adds multiValueQueryStringParameters: {}. An event of format 1.0 has
# both kinds of parameters. In an event of a load balancer, this member replaces
# queryStringParameters. Hono reads it first, and finds no parameters.
# Why it matters: each package works without the other. With both, every request has an empty
# query, and searches and page numbers silently fall back to their defaults.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts \
	hono@4.13.19 @middy/core@6.4.5 @middy/http-event-normalizer@6.4.5 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import middy from '@middy/core'
import httpEventNormalizer from '@middy/http-event-normalizer'
import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import { readFileSync } from 'node:fs'

for (const name of ['hono', '@middy/core', '@middy/http-event-normalizer']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const event = () => ({
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef' } },
  httpMethod: 'GET',
  path: '/teas',
  queryStringParameters: { page: '3' },
  headers: { host: 'shop.example.com' },
  body: '',
  isBase64Encoded: false,
})

const app = new Hono()
app.get('/teas', (c) => c.text(`page ${c.req.query('page') ?? '1, the default'}`))

let replies = ''
for (const [name, handler] of [
  ['handle(app)', handle(app)],
  ['middy(handle(app))', middy(handle(app))],
  ['middy(handle(app)).use(httpEventNormalizer())', middy(handle(app)).use(httpEventNormalizer())],
]) {
  const { body } = await handler(event(), {})
  console.log(`\n${name}\n  GET /teas?page=3 -> ${body}`)
  replies += `${body};`
}
if (replies !== 'page 3;page 3;page 1, the default;') {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
