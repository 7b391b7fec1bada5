#!/usr/bin/env bash
# A function with Powertools' idempotency takes the key of an order from two fields of its event:
# eventKeyJmesPath is "[customer, orderId]". Some orders have neither field.
# Expected: without a key, the function runs for each event. The documentation says so for
# throwOnNoIdempotencyKey: false, the default, and with one field, "orderId", it does.
# What happens: JMESPath selects [null, null], which is not null. Powertools writes the warning
# "No value found for idempotency_key", and then uses the hash of [null, null] as the key. So all
# events without the fields share one record: the second order is not executed, and its caller
# gets the reply to the first one. The same happens with {c: customer, o: orderId}.
# Why it matters: after such an event, all others like it are lost for an hour, with success. A
# function that worked with one field has this fault once the key gets a second one.
# throwOnNoIdempotencyKey: true makes it an error. For one field, this was a bug
# (powertools-lambda-typescript issue 1501, fixed in 2023); for several it is still there.
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

const { version } = JSON.parse(readFileSync('node_modules/@aws-lambda-powertools/idempotency/package.json'))
console.log('@aws-lambda-powertools/idempotency', version)

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
const context = { getRemainingTimeInMillis: () => 30000 }

let got = ''
for (const eventKeyJmesPath of ['orderId', '[customer, orderId]', '{c: customer, o: orderId}']) {
  const handler = makeIdempotent(async ({ tea }) => `ordered ${tea}`, {
    persistenceStore: new CachePersistenceLayer({ client: newClient() }),
    config: new IdempotencyConfig({ eventKeyJmesPath }),
  })
  console.log(`\neventKeyJmesPath: ${eventKeyJmesPath}`)
  for (const event of [{ tea: 'assam' }, { tea: 'sencha' }]) {
    const reply = await handler(event, context)
    console.log(`  ${JSON.stringify(event)} -> ${reply}`)
    got += `${reply};`
  }
}
const wrong = 'ordered assam;ordered assam;'
if (got !== `ordered assam;ordered sencha;${wrong}${wrong}`) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
