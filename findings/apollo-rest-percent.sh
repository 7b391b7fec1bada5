#!/usr/bin/env bash
# Apollo Server runs as a function behind a REST API (format 1.0). A client sends its queries with
# GET, so that they can be cached, and has a URL or "100%" as a variable.
# Expected: the resolver gets the variable as the client sent it, as behind an HTTP API.
# What happens: API Gateway has decoded the query string of an event in format 1.0, and the
# package decodes it once more. https://example.com/?q=green%20tea loses its %20, without an
# error, and "100%" is a 400 with the text "URI malformed". (Load balancers do not decode. Their
# events need this step, and the package has it for both.)
# Why it matters: what a client asks for depends on the kind of API in front and on GET or POST.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts \
	@as-integrations/aws-lambda@4.1.0 @apollo/server@5.5.1 graphql@16.15.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.cjs <<'JS'
const { ApolloServer } = require('@apollo/server')
const { handlers, startServerAndCreateLambdaHandler } = require('@as-integrations/aws-lambda')
const { readFileSync } = require('node:fs')

for (const name of ['@as-integrations/aws-lambda', '@apollo/server']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version)
}

const start = (handler) =>
  startServerAndCreateLambdaHandler(
    new ApolloServer({
      typeDefs: 'type Query { page(url: String!): String }',
      resolvers: { Query: { page: (_, { url }) => url } },
    }),
    handler,
  )
const rest = start(handlers.createAPIGatewayProxyEventRequestHandler())
const http = start(handlers.createAPIGatewayProxyEventV2RequestHandler())

const headers = { host: 'api.example.com', 'apollo-require-preflight': 'true' }
const query = 'query ($url: String!) { page(url: $url) }'
const events = (url) => {
  const variables = JSON.stringify({ url })
  const post = { body: JSON.stringify({ query, variables: { url } }), isBase64Encoded: false }
  const event = {
    resource: '/',
    path: '/',
    httpMethod: 'GET',
    headers,
    multiValueHeaders: {},
    queryStringParameters: { query, variables },
    multiValueQueryStringParameters: { query: [query], variables: [variables] },
    requestContext: { stage: 'prod' },
    body: null,
    isBase64Encoded: false,
  }
  return [
    ['HTTP API, GET', http, {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/',
      rawQueryString: new URLSearchParams({ query, variables }).toString(),
      headers,
      requestContext: { http: { method: 'GET', path: '/' } },
      isBase64Encoded: false,
    }],
    ['REST API, POST', rest, {
      ...event,
      httpMethod: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      ...post,
    }],
    ['REST API, GET', rest, event],
  ]
}

const main = async () => {
  let changed = false
  for (const [url, want] of [
    ['https://example.com/?q=tea', '200 {"data":{"page":"https://example.com/?q=tea"}}'],
    ['https://example.com/?q=green%20tea', '200 {"data":{"page":"https://example.com/?q=green tea"}}'],
    ['100%', '400 URI malformed'],
  ]) {
    console.log(`\n${url}`)
    for (const [name, handler, event] of events(url)) {
      const { statusCode, body } = await handler(event, {})
      const got = `${statusCode} ${body.trim()}`
      console.log(`  ${name}: ${got}`)
      const right = `200 ${JSON.stringify({ data: { page: url } })}`
      changed ||= got !== (name === 'REST API, GET' ? want : right)
    }
  }
  if (changed) {
    console.log('\nthis has changed')
    process.exit(1)
  }
}
main()
JS
node main.cjs
