#!/usr/bin/env bash
# An Express application runs behind a REST API, with @h4ad/serverless-adapter set up as its
# documentation says. A client posts JSON with "Content-Type: application/json", as curl does. A
# REST API passes header names to functions as the client wrote them.
# Expected: the application sees a normal request: req.get('content-type') and req.body have
# values.
# What happens: the adapter does not put the names into lower case, and Node.js, Express and all
# middleware look them up in lower case. They find no headers, express.json() sees no JSON, and
# req.body is the adapter's Buffer. The option lowercaseRequestHeaders, off by default, fixes it,
# except for headers that a client sends twice: they are then there under both spellings.
# Why it matters: bodies, cookies and tokens work in tests, which write names in lower case, and
# over HTTP/2. They are missing for clients that write names as HTTP/1.1 always did.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @h4ad/serverless-adapter@4.4.0 express@5.3.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { ServerlessAdapter } from '@h4ad/serverless-adapter'
import { ApiGatewayV1Adapter } from '@h4ad/serverless-adapter/adapters/aws'
import { ExpressFramework } from '@h4ad/serverless-adapter/frameworks/express'
import { DefaultHandler } from '@h4ad/serverless-adapter/handlers/default'
import { PromiseResolver } from '@h4ad/serverless-adapter/resolvers/promise'
import express from 'express'
import { readFileSync } from 'node:fs'

for (const name of ['@h4ad/serverless-adapter', 'express']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const app = express()
app.post('/', express.json(), (req, res) =>
  res.json({ type: req.get('content-type') ?? null, body: Buffer.isBuffer(req.body) ? 'a Buffer' : req.body, tags: Object.keys(req.headers).filter((name) => /tag/i.test(name)) }),
)

const event = () => ({
  resource: '/',
  path: '/',
  httpMethod: 'POST',
  headers: { 'Content-Type': 'application/json', Host: 'api.example.com', Tag: 'b' },
  multiValueHeaders: { 'Content-Type': ['application/json'], Host: ['api.example.com'], Tag: ['a', 'b'] },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: null,
  stageVariables: null,
  requestContext: { httpMethod: 'POST', path: '/', stage: 'prod', requestId: 'id', identity: { sourceIp: '192.0.2.1' } },
  body: '{"tea":"assam"}',
  isBase64Encoded: false,
})

let changed = false
for (const [options, expected] of [
  [undefined, '{"type":null,"body":"a Buffer","tags":["Tag"]}'],
  [{ lowercaseRequestHeaders: true }, '{"type":"application/json","body":{"tea":"assam"},"tags":["tag","Tag"]}'],
]) {
  const handler = ServerlessAdapter.new(app)
    .setFramework(new ExpressFramework())
    .setHandler(new DefaultHandler())
    .setResolver(new PromiseResolver())
    .addAdapter(new ApiGatewayV1Adapter(options))
    .build()
  const { body } = await handler(event(), {})
  console.log(`\nnew ApiGatewayV1Adapter(${options ? JSON.stringify(options) : ''})\n  the application sees ${body}`)
  changed ||= body !== expected
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
