#!/usr/bin/env bash
# A function makes two steps of an order idempotent with Powertools: charge(order) and mail(order),
# each wrapped by makeIdempotent, with one store for both, as the documentation recommends.
# Expected: each step is executed once for each order. A retry of the invocation repeats neither.
# What happens: the key is the name of the Lambda function and the hash of the argument. The
# wrapped function is not in it (in Powertools for Python it is). So mail(order) finds the record
# of charge(order), sends nothing, and returns "charged".
# With a keyPrefix for each step, both are executed. But if they run at the same time, or one
# inside the other, charge finishes under the prefix of mail, because the shared store holds the
# last prefix. The record of charge stays in progress, and a retry after the end of the first
# invocation charges again. A keyPrefix and a store for each step work.
# Why it matters: mails are never sent, or cards are charged twice, and nothing reports an error.
# The second part is powertools-lambda-typescript issue 5707; 2.35.0 does not have the fix.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @aws-lambda-powertools/idempotency@2.35.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const { version } = JSON.parse(readFileSync('node_modules/@aws-lambda-powertools/idempotency/package.json'))
console.log('@aws-lambda-powertools/idempotency', version)
process.env.AWS_LAMBDA_FUNCTION_NAME = 'orders'

// In memory, the part of a Redis client that the layer uses.
const newClient = () => {
  const entries = new Map()
  return {
    get: async (key) => entries.get(key) ?? null,
    set: async (key, value, options) => {
      if (options?.NX && entries.has(key)) return null
      entries.set(key, value)
      return 'OK'
    },
    del: async (keys) => keys.forEach((key) => entries.delete(key)),
  }
}

const together = ({ charge, mail }, order) => Promise.all([charge(order), mail(order)])
const inTurn = async ({ charge, mail }, order) => [await charge(order), await mail(order)]

let now = Date.now()
Date.now = () => now // the clock of this script, for the retry

let changed = false
for (const [name, prefixes, stores, handler, expected] of [
  ['no prefixes, one after the other', false, 1, inTurn, 'charge, charged/charged, , charged/charged'],
  ['prefixes, one after the other', true, 1, inTurn, 'charge mail, charged/mailed, , charged/mailed'],
  ['prefixes, at the same time', true, 1, together, 'charge mail, charged/mailed, charge, charged/charged'],
  ['prefixes and two stores, at the same time', true, 2, together, 'charge mail, charged/mailed, , charged/mailed'],
]) {
  const client = newClient()
  const store = new CachePersistenceLayer({ client })
  const config = new IdempotencyConfig({})
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 30000 })

  let executed = []
  const step = (step, result) =>
    makeIdempotent(
      async () => {
        executed.push(step)
        if (step === 'charge') await sleep(20) // the slower one
        return result
      },
      {
        config,
        persistenceStore: stores === 1 ? store : new CachePersistenceLayer({ client }),
        keyPrefix: prefixes ? step : undefined,
      },
    )
  const steps = { charge: step('charge', 'charged'), mail: step('mail', 'mailed') }

  console.log(`\n${name}`)
  const got = []
  for (const invocation of ['first invocation', 'its retry, a minute later']) {
    executed = []
    const results = await handler(steps, { id: 7 })
    console.log(`  ${invocation}: executes ${executed.join(' and ') || 'nothing'}, returns ${results.join(' and ')}`)
    got.push(executed.join(' '), results.join('/'))
    now += 60000
  }
  changed ||= got.join(', ') !== expected
}
if (changed) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
