#!/usr/bin/env bash
# A Nitro application, such as every Nuxt 3 and 4 application, is built with the preset aws-lambda.
# A route stores an uploaded file (readMultipartFormData, or readRawBody with false for a Buffer).
# Expected: the route gets the bytes of the upload. The event has them in base64
# (isBase64Encoded), because API Gateway and function URLs encode uploads.
# What happens: the preset decodes the base64 and then turns the bytes into UTF-8 text. All bytes
# that are not UTF-8 become U+FFFD, three bytes each. There is no error, and text files are right.
# Why it matters: all images, PDFs and archives are damaged for good when they are stored. On the
# developer's machine (nuxt dev, the preset node-server) they are not.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir routes
cat >routes/upload.post.js <<'JS'
export default defineEventHandler(async (event) => {
  const [file] = await readMultipartFormData(event)
  return file.data.toString('hex')
})
JS
echo "export default { compatibilityDate: '2026-01-01' }" >nitro.config.mjs

export NITRO_TELEMETRY_DISABLED=1 CI=1
if ! { npm install --no-audit --no-fund --ignore-scripts --legacy-peer-deps nitropack@2.13.6 &&
	node_modules/.bin/nitropack build --preset aws-lambda; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { handler } from './.output/server/index.mjs'

console.log('nitropack', JSON.parse(readFileSync('node_modules/nitropack/package.json')).version)

const upload = async (name, bytes) => {
  const form = new FormData()
  form.append('file', new Blob([bytes]), name)
  const request = new Request('http://localhost/', { method: 'POST', body: form })
  const { statusCode, body } = await handler(
    {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/upload',
      rawQueryString: '',
      headers: { host: 'shop.example.com', 'content-type': request.headers.get('content-type') },
      requestContext: {
        domainName: 'shop.example.com',
        http: { method: 'POST', path: '/upload', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
        requestId: 'id',
        routeKey: '$default',
        stage: '$default',
      },
      body: Buffer.from(await request.arrayBuffer()).toString('base64'),
      isBase64Encoded: true,
    },
    {},
  )
  console.log(`\n${name}: ${statusCode}\n  sent     ${bytes.toString('hex')}\n  received ${body}`)
  return body
}
const text = await upload('teas.csv', Buffer.from('tea,grams'))
const image = await upload('tea.png', Buffer.from('89504e470d0a1a0affd8', 'hex'))
if (text !== '7465612c6772616d73' || image !== 'efbfbd504e470d0a1a0aefbfbdefbfbd') {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
