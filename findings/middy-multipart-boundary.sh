#!/usr/bin/env bash
# A function parses uploads with middy's http-multipart-body-parser. Browsers and fetch upload
# files to it. Then a service uploads the same FormData with axios on Node.js.
# Expected: the function gets the file. Both clients send a valid multipart/form-data.
# What happens: the parser accepts only boundaries of letters, digits, and hyphens, with one space
# before them and without quotes. axios puts its version into the boundary:
# "axios-1.21.1-boundary-...". Because of the dots, the parser answers each upload with 415. The
# same happens to a boundary in quotes, as .NET's HttpClient writes it, and to one with "_", or
# without the space. With disableContentTypeCheck, the parser reads all of them.
# Why it matters: the uploads of some clients fail, always or now and then, and those of browsers
# and curl, in all tests, do not.
# The hyphen was missing, too, until 2025 (middy issues 1349 and 1364). middy 7 wants Node.js 22;
# these two packages also run on Node.js 20.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts axios@1.21.1 @middy/core@7.9.2 \
	@middy/util@7.9.2 @middy/http-multipart-body-parser@7.9.2 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import httpMultipartBodyParser from '@middy/http-multipart-body-parser'
import middy from '@middy/core'
import axios from 'axios'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

for (const name of ['@middy/core', '@middy/http-multipart-body-parser', 'axios']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const handlers = [{}, { disableContentTypeCheck: true }].map((options) =>
  middy()
    .use(httpMultipartBodyParser(options))
    .handler(async ({ body }) => `${body.photo.filename}, ${body.photo.content.length} bytes`),
)

const got = []

// What the functions make of an upload, as an HTTP API sends it.
const receive = async (client, contentType, body) => {
  console.log(`\n${client}\n  Content-Type: ${contentType}`)
  for (const handler of handlers) {
    const event = {
      version: '2.0',
      headers: { 'content-type': contentType },
      requestContext: { http: { method: 'POST', path: '/photos' } },
      body: body.toString('base64'),
      isBase64Encoded: true,
    }
    const reply = await handler(event, {}).catch((error) => `${error.statusCode} ${error.message}`)
    console.log(`  ${handler === handlers[0] ? 'default' : 'with disableContentTypeCheck'}: ${reply}`)
    got.push(reply)
  }
}

const server = createServer(async (req, res) => {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  await receive(req.headers['user-agent'], req.headers['content-type'], Buffer.concat(chunks))
  res.end()
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/photos`
const upload = () => {
  const form = new FormData()
  form.append('photo', new Blob(['jpeg']), 'tea.jpg')
  return form
}
await fetch(url, { method: 'POST', body: upload(), headers: { 'user-agent': 'fetch of Node.js' } })
await axios.post(url, upload())
server.close()
server.closeAllConnections()

for (const [client, contentType, boundary] of [
  ['in quotes', 'multipart/form-data; boundary="b-1"', 'b-1'],
  ['with "_"', 'multipart/form-data; boundary=b_1', 'b_1'],
  ['without a space', 'multipart/form-data;boundary=b-1', 'b-1'],
]) {
  const body = [
    `--${boundary}`,
    'Content-Disposition: form-data; name="photo"; filename="tea.jpg"',
    'Content-Type: image/jpeg',
    '',
    'jpeg',
    `--${boundary}--`,
    '',
  ].join('\r\n')
  await receive(client, contentType, Buffer.from(body))
}
const file = 'tea.jpg, 4 bytes'
const refused = ['415 Unsupported Media Type', file]
if (got.join() !== [file, file, ...refused, ...refused, ...refused, ...refused].join()) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
