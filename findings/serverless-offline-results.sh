#!/usr/bin/env bash
# Functions run in serverless-offline, which stands in for Lambda and its Invoke API on a
# developer's machine. One returns a price, an object with a toJSON(), as decimal numbers, dates
# of libraries, and documents of databases have it. Another one throws an object.
# Expected: as on Lambda, where the runtime encodes results with JSON.stringify. The price is
# "19.90", and whatever a function throws is an error of the function (X-Amz-Function-Error).
# What happens: the function runs in a worker thread, and its result is copied to the main thread
# before it becomes JSON. The copy has no methods: the price is {"cents":1990}, and a URL is {}.
# The main thread takes only objects of the class Error for errors: a thrown object or text is the
# result of a successful call.
# Why it matters: clients are written for JSON that AWS never sends, and the code for errors is
# never run. With API Gateway's events this does not show, because the body is text already.
# serverless-offline issue 1650 is about the same copy.
set -euo pipefail

dir=$(mktemp -d)
pid=
# Invoked by the trap. Without a server, there is nothing to stop.
# shellcheck disable=SC2317,SC2329
clean() {
	if [[ -n $pid ]]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap clean EXIT
cd "$dir"

# The newest serverless-offline asks for serverless 4, which wants an account. It runs with 3, too.
if ! npm install --no-audit --no-fund --ignore-scripts --legacy-peer-deps \
	serverless@3.40.0 serverless-offline@14.8.2 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
for name in serverless serverless-offline; do
	echo "$name $(node -p "require('./node_modules/$name/package.json').version")"
done

cat >handler.js <<'JS'
class Price {
  constructor(cents) {
    this.cents = cents
  }
  toJSON() {
    return (this.cents / 100).toFixed(2)
  }
}
exports.price = async () => ({ tea: 'assam', price: new Price(1990) })
exports.link = async () => ({ tea: 'assam', link: new URL('https://shop.example.com/assam') })
exports.sold = async () => {
  throw { code: 'SOLD_OUT' }
}
exports.error = async () => {
  throw new Error('sold out')
}
JS
cat >serverless.yml <<'YAML'
service: shop
provider:
  name: aws
  runtime: nodejs20.x
plugins:
  - serverless-offline
functions:
  price: { handler: handler.price }
  link: { handler: handler.link }
  sold: { handler: handler.sold }
  error: { handler: handler.error }
YAML
cat >main.mjs <<'JS'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

const functions = createRequire(import.meta.url)('./handler.js')
const url = (name) => `http://127.0.0.1:${process.argv[2]}/2015-03-31/functions/shop-dev-${name}/invocations`
const invoke = async (name) => {
  const response = await fetch(url(name), { method: 'POST', body: '{}' })
  const error = response.headers.get('x-amz-function-error')
  const text = await response.text()
  return error ? `${error}: ${JSON.parse(text).errorMessage}` : text
}
for (let attempt = 0; ; attempt++) {
  try {
    await invoke('price')
    break
  } catch (error) {
    if (attempt === 600) throw error
    await sleep(100)
  }
}

let got = ''
for (const name of ['price', 'link', 'sold', 'error']) {
  const direct = await functions[name]().then(
    (result) => JSON.stringify(result),
    (error) => `throws ${error instanceof Error ? error : JSON.stringify(error)}`,
  )
  const reply = await invoke(name)
  console.log(`\n${name}\n  the function itself: ${direct}\n  serverless-offline:  ${reply}`)
  got += `${reply};`
}
const expected = [
  '{"tea":"assam","price":{"cents":1990}}',
  '{"tea":"assam","link":{}}',
  '{"code":"SOLD_OUT"}',
  'Unhandled: sold out',
]
if (got !== `${expected.join(';')};`) {
  console.log('\nthis has changed')
  process.exit(1)
}
JS

read -r http lambda < <(node -e '
const servers = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"))
setTimeout(() => {
  console.log(...servers.map((server) => server.address().port))
  for (const server of servers) server.close()
}, 100)')
export SLS_TELEMETRY_DISABLED=1 SLS_NOTIFICATIONS_MODE=off SLS_INTERACTIVE_SETUP_ENABLE=0
node node_modules/serverless/bin/serverless.js offline start --host 127.0.0.1 \
	--httpPort "$http" --lambdaPort "$lambda" >server.log 2>&1 &
pid=$!
if ! node main.mjs "$lambda"; then
	cat server.log >&2
	exit 1
fi
