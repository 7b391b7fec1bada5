#!/usr/bin/env bash
# A Node.js function with OpenTelemetry's instrumentation for Lambda runs behind an API Gateway
# REST API. A REST API passes header names to functions as the client wrote them. Go's net/http,
# for example, writes "Traceparent" over HTTP/1.1.
# Expected: the function's span is a child of the caller's span, because header names do not
# depend on case.
# What happens: the instrumentation looks for the exact name "traceparent". It does not find
# "Traceparent", gives no warning, and makes the function's span the root of another trace.
# Why it matters: traces are complete for HTTP APIs, HTTP/2 and browsers, which have names in
# lower case, and broken for services that call over HTTP/1.1. Your own eventContextExtractor
# fixes it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @opentelemetry/instrumentation-aws-lambda@0.75.0 \
	@opentelemetry/api@1.9.1 @opentelemetry/sdk-trace-node@2.11.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >handler.js <<'JS'
exports.handler = async () => ({ statusCode: 200 })
JS
cat >main.js <<'JS'
const { readFileSync } = require('node:fs')
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node')
const { AwsLambdaInstrumentation } = require('@opentelemetry/instrumentation-aws-lambda')

for (const name of ['@opentelemetry/instrumentation-aws-lambda', '@opentelemetry/api', '@opentelemetry/sdk-trace-node']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

process.env.LAMBDA_TASK_ROOT = __dirname
process.env._HANDLER = 'handler.handler'
const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register() // with the default propagators: W3C trace context and baggage
const instrumentation = new AwsLambdaInstrumentation()
instrumentation.setTracerProvider(provider)
const { handler } = require('./handler.js')

const trace = '0102030405060708090a0b0c0d0e0f10'
const context = { functionName: 'f', awsRequestId: '1', invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:f' }

async function main() {
  let changed = false
  for (const [name, expected] of [['traceparent', true], ['Traceparent', false]]) {
    exporter.reset()
    await handler({ httpMethod: 'GET', path: '/', headers: { [name]: `00-${trace}-0102030405060708-01` } }, context)
    const [span] = exporter.getFinishedSpans()
    const child = span.spanContext().traceId === trace
    console.log(`\nheaders: { ${name}: ... }\n  the function's span is ${child ? "a child of the caller's" : 'the root of another trace'}`)
    changed ||= child !== expected
  }
  if (changed) {
    console.log('\nthis has changed')
    process.exit(1)
  }
}
main()
JS
node main.js
