#!/usr/bin/env bash
# A fetch handler compresses its pages, or serves files that were compressed by the build. It runs
# on srvx, the server under Nitro 3 and h3 2: with srvx/node on a machine, with srvx/aws-lambda as
# a function.
# Expected: the function returns the compressed bytes in base64. An event's reply has no other way
# to carry bytes, and other adapters do that for each Content-Encoding.
# What happens: srvx/aws-lambda looks at the content type alone. For text/html it turns the
# compressed bytes into UTF-8 text, which replaces most of them by U+FFFD, and leaves the header
# Content-Encoding: gzip. There is no error.
# Why it matters: browsers show an error page instead of the pages (Chrome:
# ERR_CONTENT_DECODING_FAILED). curl without --compressed, and tests on srvx/node, do not show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts srvx@1.0.8 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { toLambdaHandler } from 'srvx/aws-lambda'
import { serve } from 'srvx/node'

console.log('srvx', JSON.parse(readFileSync('node_modules/srvx/package.json')).version)

const page = '<h1>Green tea</h1>\n'.repeat(100)
const fetch = (request) => {
  if (!request.headers.get('accept-encoding')?.includes('gzip')) {
    return new Response(page, { headers: { 'content-type': 'text/html' } })
  }
  return new Response(gzipSync(page), { headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' } })
}

const server = serve({ fetch, port: 0, hostname: '127.0.0.1', silent: true, gracefulShutdown: false })
await server.ready()
const handler = toLambdaHandler({ fetch })
const event = (headers) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: '/',
  rawQueryString: '',
  headers: { host: 'shop.example.com', ...headers },
  requestContext: {
    domainName: 'shop.example.com',
    http: { method: 'GET', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
    requestId: 'id',
    routeKey: '$default',
    stage: '$default',
  },
  isBase64Encoded: false,
})

// What a client makes of the bytes.
const read = (bytes, encoding) => {
  try {
    return (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString() === page ? 'the page' : 'another page'
  } catch (error) {
    return `${error.code}: ${error.message}`
  }
}
let got = ''
for (const encoding of ['identity', 'gzip']) {
  const direct = await globalThis.fetch(server.url, { headers: { 'accept-encoding': encoding } })
  const onNode = (await direct.text()) === page ? 'the page' : 'another page'
  const reply = await handler(event({ 'accept-encoding': encoding }), {})
  const bytes = Buffer.from(reply.body, reply.isBase64Encoded ? 'base64' : 'utf8')
  const onLambda = read(bytes, reply.headers['content-encoding'])
  console.log(`\nAccept-Encoding: ${encoding}`)
  console.log(`  srvx/node: ${direct.status}, the client reads ${onNode}`)
  console.log(`  srvx/aws-lambda: ${reply.statusCode}, isBase64Encoded: ${reply.isBase64Encoded}, ` +
    `content-encoding: ${reply.headers['content-encoding']}, the client reads ${onLambda}`)
  got += `${onNode}, ${onLambda.split(':')[0]};`
}
await server.close(true)
if (got !== 'the page, the page;the page, Z_DATA_ERROR;') {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
