#!/usr/bin/env bash
# A Hono application streams its answers from Lambda (streamHandle of hono/aws-lambda). One route answers
# c.text('', 404): a status, some headers, no text.
# Guess: the client gets the 404, as it does where the same application is served otherwise.
# What happens: a body of '' is not null but a stream that ends at once, so streamHandle writes nothing.
# AWS's runtime sends the metadata (status and headers) with the first write, and there is none: what
# leaves the function says that it begins with metadata, and is empty. c.body(null, 404) is fine, since
# for null streamHandle has a write of nothing on purpose.
# Why it matters: status, headers and cookies are lost for answers that are empty by chance, an empty
# search result or an empty file, and no test with app.request() can see it.
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

// As the runtime has it (aws-lambda-ric 3.3.0, HttpResponseStream.js and ResponseStream.js): from()
// leaves a hook, which the first call of write() runs.
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
