#!/usr/bin/env bash
# A function answers through Powertools' HTTP router with its compress() middleware. A client
# without Accept-Encoding calls it: curl, Node's http module, or a gateway that passes only some
# headers on.
# Expected: the reply is not compressed. HTTP allows it (RFC 9110, 12.5.3), but servers do not do
# it, and Powertools for Python documents that clients must send Accept-Encoding.
# What happens: without the header, the reply is gzip. hono's compress() leaves it as it is.
# Why it matters: clients that never asked for it get bytes that they cannot read, as soon as a
# reply is longer than 1,024 bytes. Short replies, in tests, are right. Behind a gateway that drops
# Accept-Encoding, all replies to all clients are compressed.
# powertools-lambda-typescript issue 5691 is about values of the header, not about its absence.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts \
	@aws-lambda-powertools/event-handler@2.35.0 hono@4.13.19 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { Router } from '@aws-lambda-powertools/event-handler/http'
import { compress } from '@aws-lambda-powertools/event-handler/http/middleware'
import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import { compress as honoCompress } from 'hono/compress'
import { readFileSync } from 'node:fs'

for (const name of ['@aws-lambda-powertools/event-handler', 'hono']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const teas = (count) => Array.from({ length: count }, (_, id) => ({ id, tea: 'assam' }))
const router = new Router()
router.use(compress())
const hono = new Hono()
hono.use(honoCompress())
for (const count of [10, 100]) {
  router.get(`/${count}`, async () => teas(count))
  hono.get(`/${count}`, (c) => c.json(teas(count)))
}
const handlers = { hono: handle(hono), Powertools: (event, context) => router.resolve(event, context) }

const event = (path, headers) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'api.example.com', ...headers },
  requestContext: {
    accountId: '123456789012',
    apiId: 'api-id',
    domainName: 'api.example.com',
    domainPrefix: 'api',
    http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl/8' },
    requestId: 'id',
    routeKey: '$default',
    stage: '$default',
    time: '12/Mar/2020:19:03:58 +0000',
    timeEpoch: 1583348638390,
  },
  isBase64Encoded: false,
})

let got = ''
for (const [client, headers] of [['Accept-Encoding: gzip', { 'accept-encoding': 'gzip' }], ['no Accept-Encoding', {}]]) {
  console.log(`\n${client}`)
  for (const [name, handler] of Object.entries(handlers)) {
    for (const count of [10, 100]) {
      const reply = await handler(event(`/${count}`, headers), {})
      const encoding = reply.headers['content-encoding'] ?? 'none'
      console.log(`  ${name}, ${count} teas: ${reply.statusCode}, content-encoding: ${encoding}`)
      got += `${encoding},`
    }
  }
}
if (got !== 'gzip,gzip,none,gzip,none,none,none,gzip,') {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
