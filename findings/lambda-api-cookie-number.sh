#!/usr/bin/env bash
# A function with lambda-api reads the cookie user=9007199254740993, an id with 16 digits, as many
# databases and services have them.
# Expected: req.cookies.user is the text "9007199254740993": a cookie's value is text.
# What happens: lambda-api puts the value of each cookie through JSON.parse. The id becomes the
# number 9007199254740992, without an error. "1e3" becomes 1000, "true" and "null" are no longer
# text, but "007" stays "007". req.query and req.headers keep the text.
# Why it matters: the function finds the record of another user. With short ids, in tests, only
# the type differs.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts lambda-api@1.5.1 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import createAPI from 'lambda-api'
import { readFileSync } from 'node:fs'

console.log('lambda-api', JSON.parse(readFileSync('node_modules/lambda-api/package.json')).version)

const values = ['9007199254740993', '1e3', 'true', '007']
const api = createAPI()
api.get('/basket', (req) => values.map((_, i) => [req.cookies[`c${i}`], req.query[`q${i}`]]))

const { statusCode, body } = await api.run(
  {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/basket',
    rawQueryString: values.map((value, i) => `q${i}=${value}`).join('&'),
    queryStringParameters: Object.fromEntries(values.map((value, i) => [`q${i}`, value])),
    cookies: values.map((value, i) => `c${i}=${value}`),
    headers: { host: 'shop.example.com' },
    requestContext: {
      domainName: 'shop.example.com',
      http: { method: 'GET', path: '/basket', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
      requestId: 'id',
      routeKey: '$default',
      stage: '$default',
    },
    isBase64Encoded: false,
  },
  {},
)
console.log(`status ${statusCode}`)
const got = JSON.parse(body).map(([cookie, query], i) => {
  console.log(`  ${values[i]}: the cookie is ${JSON.stringify(cookie)}, the query parameter is ${JSON.stringify(query)}`)
  return JSON.stringify(cookie) + JSON.stringify(query)
})
if (got.join() !== '9007199254740992"9007199254740993",1000"1e3",true"true","007""007"') {
  console.log('this has changed')
  process.exit(1)
}
JS
node main.mjs
