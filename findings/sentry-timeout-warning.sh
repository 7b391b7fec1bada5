#!/usr/bin/env bash
# A function with Sentry's wrapHandler handles several invocations in one process at the same
# time, as Node.js does on Lambda Managed Instances. A quick invocation and one that nearly times
# out overlap.
# Expected: Sentry gets the warning "Possible function timeout" about the slow invocation.
# What happens: all invocations of a handler share one variable for the timer of the warning. The
# end of the quick one stops the timer of the slow one, and the timer of the quick one is left.
# Sentry gets a warning about the quick invocation, after its end, and none about the slow one.
# Two quick invocations that overlap cause a warning, too.
# Why it matters: under load, there are false alarms all the time, and a real timeout, for which
# the warning is made, may have none.
# Rule: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-nodejs-runtime.html
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @sentry/aws-serverless@10.75.2 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.js <<'JS'
const { readFileSync } = require('node:fs')
const Sentry = require('@sentry/aws-serverless')

console.log('@sentry/aws-serverless', JSON.parse(readFileSync('node_modules/@sentry/aws-serverless/package.json')).version)

// Keeps the warnings instead of sending them.
const warnings = []
Sentry.init({
  dsn: 'http://key@127.0.0.1:1/1',
  defaultIntegrations: false,
  transport: () => ({
    send: async ([, items]) => {
      for (const [{ type }, event] of items) {
        if (type === 'event') warnings.push(event.message)
      }
      return {}
    },
    flush: async () => true,
  }),
})

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const handler = Sentry.wrapHandler(async ({ ms }) => sleep(ms))
// A timeout of 1.5 s. By default, the warning is due 0.5 s before it. It contains the function's
// name. To tell the warnings apart, each invocation has another one.
const invoke = ([functionName, ms]) => {
  const start = Date.now()
  return handler({ ms }, { functionName, awsRequestId: 'id', getRemainingTimeInMillis: () => start + 1500 - Date.now() })
}

async function main() {
  let changed = false
  for (const [name, invocations, expected] of [
    ['one quick invocation', [['quick', 50]], ''],
    ['one slow invocation', [['slow', 1300]], 'Possible function timeout: slow'],
    ['two quick invocations', [['quick 1', 50], ['quick 2', 50]], 'Possible function timeout: quick 1'],
    ['a quick and a slow invocation', [['quick', 50], ['slow', 1300]], 'Possible function timeout: quick'],
  ]) {
    await Promise.all([...invocations.map(invoke), sleep(1700)])
    const got = warnings.splice(0).join(', ')
    console.log(`\n${name}\n  Sentry gets: ${got || 'nothing'}`)
    changed ||= got !== expected
  }
  if (changed) {
    console.log('\nthis has changed')
    process.exit(1)
  }
}
main()
JS
node main.js
