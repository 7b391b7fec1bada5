#!/usr/bin/env bash
# A function reads its event with the search function of Powertools' JMESPath. The event has the
# history of a parcel, the newest entry last, and the stops of its tour. Idempotency takes the
# key from the stops in any order: "sort(stops)".
# Expected: search only reads. "reverse(history)[0]" is the newest entry, each time.
# What happens: reverse() and sort() change the lists of the event itself. The first search finds
# the newest entry, the second one the oldest, the third one the newest again. And the handler
# gets the stops in the order of the key. sort_by() and [::-1] leave the event as it is. Other
# packages (jmespath.js, jmespath.py) never change it.
# Why it matters: a second look at the same event finds another state, and a tour that has a
# fixed order is driven by the alphabet, with idempotency only.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @aws-lambda-powertools/jmespath@2.36.0 \
	@aws-lambda-powertools/idempotency@2.35.0 jmespath@0.16.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache'
import { search } from '@aws-lambda-powertools/jmespath'
import jmespath from 'jmespath'
import { readFileSync } from 'node:fs'

for (const name of ['@aws-lambda-powertools/jmespath', '@aws-lambda-powertools/idempotency', 'jmespath']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const newEvent = () => ({ history: ['ordered', 'packed', 'delivered'], stops: ['Rye', 'Bath', 'Ely'] })
const got = []
for (const [name, find] of [['jmespath', (e, d) => jmespath.search(d, e)], ['@aws-lambda-powertools/jmespath', search]]) {
  const event = newEvent()
  const found = [1, 2, 3].map(() => find('reverse(history)[0]', event))
  find('sort(stops)', event)
  console.log(`\n${name}\n  reverse(history)[0], three times: ${found.join(', ')}\n  the event's stops after sort(stops): ${event.stops.join(', ')}`)
  got.push(...found, ...event.stops)
}

// In memory, the part of a Redis client that the layer uses.
const entries = new Map()
const client = {
  get: async (key) => entries.get(key) ?? null,
  set: async (key, value, options) => {
    if (options?.NX && entries.has(key)) return null
    entries.set(key, value)
    return 'OK'
  },
  del: async (keys) => keys.forEach((key) => entries.delete(key)),
}
const handler = async ({ stops }) => stops.join(', ')
const idempotent = makeIdempotent(handler, {
  persistenceStore: new CachePersistenceLayer({ client }),
  config: new IdempotencyConfig({ eventKeyJmesPath: 'sort(stops)' }),
})
const context = { getRemainingTimeInMillis: () => 30000 }
const tours = [await handler(newEvent(), context), await idempotent(newEvent(), context)]
console.log(`\nThe tour of the handler: ${tours[0]}\n  with idempotency:      ${tours[1]}`)
got.push(...tours)

const expected = [
  ['delivered', 'delivered', 'delivered', 'Rye', 'Bath', 'Ely'],
  ['delivered', 'ordered', 'delivered', 'Bath', 'Ely', 'Rye'],
  ['Rye, Bath, Ely', 'Bath, Ely, Rye'],
]
if (got.join('/') !== expected.flat().join('/')) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
