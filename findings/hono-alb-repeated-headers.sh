#!/usr/bin/env bash
# A Hono application runs behind an Application Load Balancer whose target group has multi-value
# headers. A client sends a header twice: "Accept-Language: fr" and "Accept-Language: de".
# Expected: the application reads "fr, de". RFC 9110, section 5.3, joins lines with the same name
# with a comma, as Headers.append does.
# What happens: hono/aws-lambda joins the values of every header with "; ", which is right for
# Cookie only. In "fr; de" German is a parameter of French. For an event of API Gateway's format
# 1.0 it joins them with a comma.
# Why it matters: the reader gets English. Accept, Cache-Control and Forwarded are misread in the
# same way. A test with app.request() does not show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts hono@4.13.19 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { handle } from 'hono/aws-lambda'
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync('node_modules/hono/package.json'))
console.log(`hono ${version}, Node.js ${process.version}`)

const app = new Hono()
app.get('/tea', (c) => {
  const language = accepts(c, { header: 'Accept-Language', supports: ['en', 'de'], default: 'en' })
  return c.text(`${JSON.stringify(c.req.header('accept-language'))}, answer in ${language}`)
})

const multiValueHeaders = { host: ['shop.example.com'], 'accept-language': ['fr', 'de'] }
const event = (requestContext) => ({
  requestContext,
  httpMethod: 'GET',
  path: '/tea',
  multiValueQueryStringParameters: {},
  multiValueHeaders,
  body: '',
  isBase64Encoded: false,
})
const elb = { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef' } }
const rest = { httpMethod: 'GET', path: '/tea', stage: 'prod', requestId: 'id', identity: { sourceIp: '192.0.2.1' } }

const headers = new Headers()
for (const [name, values] of Object.entries(multiValueHeaders)) for (const value of values) headers.append(name, value)
const handler = handle(app)
const answers = []
for (const [name, answer] of [
  ['app.request()', await (await app.request('/tea', { headers })).text()],
  ['an event of format 1.0', (await handler(event(rest), {})).body],
  ['an event of a load balancer', (await handler(event(elb), {})).body],
]) {
  console.log(`\n${name}\n  ${answer}`)
  answers.push(answer)
}
const joined = '"fr, de", answer in de'
if (answers[0] !== joined || answers[1] !== joined || answers[2] !== '"fr; de", answer in en') {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
