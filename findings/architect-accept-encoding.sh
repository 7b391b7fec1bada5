#!/usr/bin/env bash
# A function of an HTTP API answers through @architect/functions: with a list of teas as CSV, and
# with a picture, whose body is a Buffer. The clients differ in their Accept-Encoding.
# Expected: the picture arrives. The CSV may be compressed, and then the reply has
# "Vary: Accept-Encoding", as with other packages for compression.
# What happens: without Accept-Encoding, both replies are right. With any Accept-Encoding, as
# browsers send it, the picture is a TypeError: the package calls its function for compression
# without the encoding. The CSV is compressed if the header has "br" or "gzip" after ", ", has no
# Vary, and may be cached for a day (Cache-Control: max-age=86400, the default for all types but
# HTML and JSON).
# Why it matters: pictures work in tests and with curl, and are a 500 in browsers. A cache in front
# gives the Brotli bytes to clients that cannot read them, for a day.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts \
	@architect/functions@8.1.10 http-cache-semantics@4.3.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import CachePolicy from 'http-cache-semantics'

Object.assign(process.env, { ARC_ENV: 'staging', ARC_APP_NAME: 'shop', AWS_REGION: 'eu-west-1' })
const { default: arc } = await import('@architect/functions')
for (const name of ['@architect/functions', 'http-cache-semantics']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const handlers = {
  csv: arc.http(async () => ({ type: 'text/csv', body: 'tea,price\nassam,7\n' })),
  picture: arc.http(async () => ({ type: 'image/png', body: Buffer.from([0x89, 0x50, 0x4e, 0x47]) })),
}
const invoke = (name, headers) =>
  handlers[name](
    {
      version: '2.0',
      routeKey: '$default',
      rawPath: `/${name}`,
      rawQueryString: '',
      headers: { host: 'shop.example.com', ...headers },
      requestContext: { http: { method: 'GET', path: `/${name}`, sourceIp: '192.0.2.1' }, stage: '$default' },
      isBase64Encoded: false,
    },
    {},
  ).then(
    (reply) => ({ ...reply, text: `${reply.statusCode}, content-encoding: ${reply.headers['content-encoding'] ?? 'none'}` }),
    (error) => ({ text: `${error.name}: ${error.message}` }),
  )

const browser = { 'accept-encoding': 'gzip, deflate, br' }
const got = []
for (const [client, headers] of [['no Accept-Encoding', {}], ['Accept-Encoding: gzip, deflate, br', browser]]) {
  console.log(`\n${client}`)
  for (const name of Object.keys(handlers)) {
    const { text } = await invoke(name, headers)
    console.log(`  ${name}: ${text}`)
    got.push(text)
  }
}

// What a shared cache may do with the reply to the browser, by RFC 9111.
const { statusCode, headers } = await invoke('csv', browser)
console.log(`\nThe headers of the compressed reply: ${JSON.stringify(headers)}`)
const request = (headers) => ({ method: 'GET', url: '/csv', headers: { host: 'shop.example.com', ...headers } })
const policy = new CachePolicy(request(browser), { status: statusCode, headers })
const reused = policy.storable() && policy.satisfiesWithoutRevalidation(request({ 'accept-encoding': 'identity' }))
console.log(`A cache may give it to a client with Accept-Encoding: identity: ${reused}`)

const plain = '200, content-encoding: none'
const expected = [plain, plain, '200, content-encoding: br', 'TypeError: compressionTypes[type] is not a function']
if (got.join() !== expected.join() || !reused || !headers['cache-control'].includes('max-age=86400')) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
