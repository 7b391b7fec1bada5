#!/usr/bin/env bash
# A form uploads photos in several fields "photo", and a caption for each in "caption[]". A
# function parses it with middy's http-multipart-body-parser.
# Expected: both are lists in the order of the form, as FormData.getAll() returns them, so that
# caption[1] belongs to photo[1].
# What happens: the captions are in the order of the form, and the photos in the reverse one: the
# parser puts each further file before those that it has. With one photo, or if all captions are
# alike, nothing is wrong.
# Why it matters: each photo gets the caption of another one, and the pages of a scanned contract
# are stored from the last to the first.
# middy 7 wants Node.js 22; these two packages also run on Node.js 20.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts \
	@middy/core@7.9.2 @middy/util@7.9.2 @middy/http-multipart-body-parser@7.9.2 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import httpMultipartBodyParser from '@middy/http-multipart-body-parser'
import middy from '@middy/core'
import { readFileSync } from 'node:fs'

for (const name of ['@middy/core', '@middy/http-multipart-body-parser']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const form = new FormData()
for (const name of ['front', 'side', 'back']) {
  form.append('caption[]', `the ${name}`)
  form.append('photo', new Blob([`jpeg of the ${name}`], { type: 'image/jpeg' }), `${name}.jpg`)
}
const upload = new Response(form)
const contentType = upload.headers.get('content-type')
const body = Buffer.from(await upload.arrayBuffer())

const received = await new Response(body, { headers: { 'content-type': contentType } }).formData()
const sent = received.getAll('photo').map(({ name }, i) => `${received.getAll('caption[]')[i]}: ${name}`)
console.log('\nFormData of Node.js')
for (const line of sent) console.log(`  ${line}`)

const handler = middy()
  .use(httpMultipartBodyParser())
  .handler(async ({ body: { caption, photo } }) => photo.map(({ filename }, i) => `${caption[i]}: ${filename}`))
const got = await handler(
  {
    version: '2.0',
    headers: { 'content-type': contentType },
    requestContext: { http: { method: 'POST', path: '/photos' } },
    body: body.toString('base64'),
    isBase64Encoded: true,
  },
  {},
)
console.log('\nmiddy')
for (const line of got) console.log(`  ${line}`)

if (
  sent.join() !== 'the front: front.jpg,the side: side.jpg,the back: back.jpg' ||
  got.join() !== 'the front: back.jpg,the side: side.jpg,the back: front.jpg'
) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
