import middy from '@middy/core'
import httpEventNormalizer from '@middy/http-event-normalizer'
import httpHeaderNormalizer from '@middy/http-header-normalizer'
import httpJsonBodyParser from '@middy/http-json-body-parser'
import httpRouter from '@middy/http-router'
import * as shop from './shop.mjs'

// The shop in middy: handlers of events, in every format. middy does not have a server, so the tests
// compare its answers with those of the shop in Hono.

const v2 = (event) => event.version === '2.0'
const alb = (event) => event.requestContext.elb !== undefined

const reply = (statusCode, headers = {}, body = '', isBase64Encoded = false) => ({ statusCode, headers, body, isBase64Encoded })
const text = (body, status = 200, headers = {}) => reply(status, { 'content-type': 'text/plain; charset=UTF-8', ...headers }, body)
const json = (body, status = 200, headers = {}) => reply(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(body))
const bytes = (body, type) => reply(200, { 'content-type': type }, body.toString('base64'), true)

// Events have repeated parameters and headers in different places. In an event of a load balancer they
// are still encoded, and are in one place only. The tests do not use multiValueHeaders with middy,
// because http-json-body-parser does not read them.
const queryOf = (event) => {
  if (v2(event)) return [...new URLSearchParams(event.rawQueryString)]
  if (alb(event)) return [...new URLSearchParams(encoded(event.queryStringParameters))]
  return shop.pairs(event.multiValueQueryStringParameters ?? event.queryStringParameters)
}
const encoded = (parameters) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
const headersOf = (event) => (v2(event) ? Object.entries(event.headers) : shop.pairs(event.multiValueHeaders ?? event.headers))
const cookieOf = (event) => (v2(event) ? event.cookies?.join('; ') : event.headers.cookie) ?? ''
const bodyOf = (event) => Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
const setting = (event, set) => {
  if (v2(event)) return { cookies: set }
  if (alb(event)) return { headers: { 'set-cookie': set[0] } }
  return { multiValueHeaders: { 'set-cookie': set } }
}

const routes = {
  'GET /': () => reply(200, { 'content-type': 'text/html; charset=UTF-8' }, shop.page),
  'GET /request': (event) =>
    json({
      method: event.httpMethod ?? event.requestContext.http.method,
      path: event.path ?? event.rawPath,
      headers: shop.headers(headersOf(event)),
    }),
  'GET /url': (event) =>
    text(`${event.headers['x-forwarded-proto'] ?? 'https'}://${event.requestContext.domainName ?? event.headers.host}${event.path ?? event.rawPath}?${new URLSearchParams(queryOf(event))}`),
  'GET /search': (event) => json(shop.query(queryOf(event))),
  'GET /labels/{label}': (event) => json({ label: event.pathParameters.label }),
  'GET /shelves/{shelf}/boxes/{box}': ({ pathParameters: { shelf, box } }) => json({ shelf, box }),
  'GET /basket': (event) => json(shop.basket(cookieOf(event))),
  'PUT /basket/{set}': (event) => ({ statusCode: 204, ...setting(event, shop.cookies[event.pathParameters.set]) }),
  'POST /json': middy()
    .use(httpJsonBodyParser())
    .handler((event) => json({ got: event.body }, 201, { location: '/teas/7' })),
  'POST /forms': (event) => json(shop.query([...new URLSearchParams(bodyOf(event).toString())])),
  'GET /status/{status}': (event) => {
    const status = Number(event.pathParameters.status)
    if (status === 204 || status === 304) return { statusCode: status }
    return text(new Map(queryOf(event)).get('body') ?? '', status)
  },
  'GET /moved/{status}': (event) => reply(Number(event.pathParameters.status), { location: '/teas?a=b&c=th%C3%A9' }),
  'GET /leaflet': (event) => {
    const headers = { etag: shop.leafletETag, 'cache-control': 'max-age=60' }
    if (event.headers['if-none-match'] === shop.leafletETag) return reply(304, headers)
    return text('leaflet', 200, headers)
  },
  'GET /links': () =>
    text('links', 200, {
      link: '</a>; rel="next", </b>; rel="prev"',
      vary: 'Accept, Cookie',
      'x-tea': 'a, b',
      'content-language': 'fr',
      'x-tea-odd': `"q\\" <&> ;=`,
    }),
  'GET /pixel.png': () => bytes(shop.pixel, 'image/png'),
  'GET /every': () => bytes(shop.every, 'application/octet-stream'),
  'GET /ledger': () => text(shop.ledger),
  'GET /ticks': () => reply(200, { 'content-type': 'text/event-stream' }, shop.ticks.join('')),
  'GET /cellar': (event) => {
    if (event.headers.authorization === `Basic ${Buffer.from('gopher:p:ässword').toString('base64')}`) return json({ welcome: true })
    return reply(401, { 'www-authenticate': 'Basic realm="cellar", charset="UTF-8"' })
  },
  'GET /broken': () => {
    throw new shop.OutOfStock('no tea left')
  },
}
for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
  routes[`${method} /echo`] = (event) => bytes(bodyOf(event), event.headers['content-type'] ?? 'application/octet-stream')
}

const router = httpRouter({
  routes: Object.entries(routes).map(([route, handler]) => {
    const [method, path] = route.split(' ')
    return { method, path, handler }
  }),
  notFoundResponse: () => text('404 Not Found', 404),
})

export const handler = middy()
  .use(httpEventNormalizer())
  .use(httpHeaderNormalizer())
  .onError(({ error }) => json({ error: error.name }, error.statusCode ?? 500))
  .handler(router)
