#!/usr/bin/env bash
# A Hono application streams its answers from Lambda (streamHandle of hono/aws-lambda). One route
# answers c.text('', 404): a status, some headers, an empty text.
# Expected: the client gets the 404, as from Hono's own server.
# What happens: the body '' is not null but a stream that ends immediately, so streamHandle writes
# nothing. AWS's runtime sends the metadata (status and headers) with the first write, which never
# comes. So the function's output announces metadata and is empty. c.body(null, 404) works,
# because streamHandle makes an empty write for null.
# Why it matters: answers that happen to be empty, such as an empty search result or file, lose
# their status, headers and cookies. A test with app.request() cannot show it.
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
import { streamHandle } from 'hono/aws-lambda'
import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'

// Like the runtime (aws-lambda-ric 3.3.0, HttpResponseStream.js and ResponseStream.js): from()
// sets a hook, which the first call of write() runs.
globalThis.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(stream, metadata) {
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(metadata))
        write(new Uint8Array(8))
      }
      return stream
    },
  },
}
class ResponseStream extends Writable {
  sent = Buffer.alloc(0)
  write(chunk, ...rest) {
    this._onBeforeFirstWrite?.((part) => super.write(part))
    this._onBeforeFirstWrite = undefined
    return super.write(chunk, ...rest)
  }
  _write(chunk, encoding, done) {
    this.sent = Buffer.concat([this.sent, chunk])
    done()
  }
}

const app = new Hono()
app.get('/text', (c) => c.text('no such tea', 404))
app.get('/empty', (c) => c.text('', 404))
app.get('/null', (c) => c.body(null, 404))

const event = (rawPath) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath,
  rawQueryString: '',
  headers: { host: 'api.example.com' },
  requestContext: { domainName: 'api.example.com', http: { method: 'GET', path: rawPath, sourceIp: '192.0.2.1' }, stage: '$default' },
  isBase64Encoded: false,
})

const { version } = JSON.parse(readFileSync('node_modules/hono/package.json'))
console.log(`hono ${version}, Node.js ${process.version}`)
const handler = streamHandle(app)
const streamed = {}
for (const path of ['/text', '/null', '/empty']) {
  const stream = new ResponseStream()
  await handler(event(path), stream, {})
  streamed[path] = stream.sent.toString()
  console.log(`\n${path}: status ${(await app.request(path)).status} from app.request()`)
  console.log(`  the function streams ${JSON.stringify(streamed[path])}`)
}
if (streamed['/empty'] !== '' || !streamed['/text'].includes('"statusCode":404') || !streamed['/null'].includes('"statusCode":404')) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
