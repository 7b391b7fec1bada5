#!/usr/bin/env bash
# A function with Powertools' HTTP router answers a login with a Response that sets two cookies,
# one of them with an Expires date. The event is one of an HTTP API (payload format 2.0).
# Expected: the reply sets both, as the Response does: its getSetCookie() returns two.
# What happens: the router copies the headers of every Response one by one with set(), so only the
# last Set-Cookie is left. It then splits that one at its commas, and every Expires has a comma:
# "session=7; Expires=Wed" and "21 Oct 2048 07:28:00 GMT" become two cookies.
# Why it matters: the session of a login is lost, or lives until the browser closes, and nothing
# reports an error. Examples use one cookie and Max-Age, which work.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @aws-lambda-powertools/event-handler@2.35.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { Router } from '@aws-lambda-powertools/event-handler/http'
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync('node_modules/@aws-lambda-powertools/event-handler/package.json'))
console.log(`@aws-lambda-powertools/event-handler ${version}, Node.js ${process.version}`)

const login = (...cookies) => {
  const response = new Response('welcome')
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}
const two = ['lang=fr; Path=/', 'session=7; Path=/']
const dated = ['session=7; Expires=Wed, 21 Oct 2048 07:28:00 GMT']

const app = new Router()
app.post('/login', () => login(...two))
app.post('/remember', () => login(...dated))

const event = (path) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'api.example.com' },
  requestContext: {
    accountId: '123456789012',
    apiId: 'api-id',
    domainName: 'api.example.com',
    domainPrefix: 'api',
    http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl/8' },
    requestId: 'id',
    routeKey: '$default',
    stage: '$default',
    time: '12/Mar/2020:19:03:58 +0000',
    timeEpoch: 1583348638390,
  },
  isBase64Encoded: false,
})

let changed = false
for (const [path, set, expected] of [
  ['/login', two, ['session=7; Path=/']],
  ['/remember', dated, ['session=7; Expires=Wed', '21 Oct 2048 07:28:00 GMT']],
]) {
  const { cookies } = await app.resolve(event(path), {})
  console.log(`\n${path}\n  the Response sets ${JSON.stringify(login(...set).headers.getSetCookie())}`)
  console.log(`  the reply has     ${JSON.stringify(cookies)}`)
  changed ||= JSON.stringify(cookies) !== JSON.stringify(expected)
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
