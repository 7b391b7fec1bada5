#!/usr/bin/env bash
# An Express application runs behind an Application Load Balancer whose target group has no
# multi-value headers, which is the default. A handler sets one cookie, or two.
# Expected: an object of single-value headers cannot hold two cookies, so one of them is lost.
# With multi-value headers, both arrive and other headers are right.
# What happens with serverless-http: a single cookie arrives, but of two cookies neither arrives.
# With multi-value headers both cookies arrive, but each other repeated header gets a third value,
# the two joined: Vary: Origin, Vary: Accept-Language, and Vary: Origin, Accept-Language.
# Why it matters: a second cookie, for example from a library, ends the session of every user.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts serverless-http@4.0.0 express@5.3.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import express from 'express'
import { readFileSync } from 'node:fs'
import serverless from 'serverless-http'

for (const name of ['serverless-http', 'express']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const app = express()
app.get('/login', (req, res) => {
  res.cookie('session', 's1')
  if (req.query.cookies === '2') res.cookie('theme', 'dark')
  res.append('Vary', 'Origin').append('Vary', 'Accept-Language').send('hello')
})

function event(cookies, multiple) {
  const value = {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef' } },
    httpMethod: 'GET',
    path: '/login',
    body: '',
    isBase64Encoded: false,
  }
  if (multiple) {
    value.multiValueQueryStringParameters = { cookies: [cookies] }
    value.multiValueHeaders = { host: ['shop.example.com'] }
    return value
  }
  return { ...value, queryStringParameters: { cookies }, headers: { host: 'shop.example.com' } }
}

const handler = serverless(app)
let changed = false
for (const [cookies, multiple, expected] of [
  ['1', false, ['session=s1; Path=/', 'Origin, Accept-Language']],
  ['2', false, [undefined, 'Origin, Accept-Language']],
  ['2', true, [['session=s1; Path=/', 'theme=dark; Path=/'], ['Origin', 'Accept-Language', 'Origin, Accept-Language']]],
]) {
  const reply = await handler(event(cookies, multiple), {})
  const headers = multiple ? reply.multiValueHeaders : reply.headers
  const got = [headers['set-cookie'], headers.vary]
  console.log(`\n${cookies} set by Express, multi-value headers ${multiple}`)
  console.log(`  set-cookie: ${JSON.stringify(got[0])}\n  vary: ${JSON.stringify(got[1])}`)
  changed ||= JSON.stringify(got) !== JSON.stringify(expected) || (!multiple && 'multiValueHeaders' in reply)
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
