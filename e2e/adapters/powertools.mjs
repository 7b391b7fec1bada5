import { Router, NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import { Readable } from 'node:stream'
import * as shop from './shop.mjs'

// app is the shop in Powertools' event handler. It does not have a server, so the tests compare its
// answers with those of the shop in Hono.
export const app = new Router()

const text = (body, status = 200, headers = {}) => new Response(body, { status, headers: { 'Content-Type': 'text/plain; charset=UTF-8', ...headers } })
const bytes = (body, type) => new Response(body, { headers: { 'Content-Type': type } })

app.get('/', () => bytes(shop.page, 'text/html; charset=UTF-8'))
app.get('/request', ({ req }) => ({ method: req.method, path: new URL(req.url).pathname, headers: shop.headers([...req.headers]) }))
app.get('/url', ({ req }) => text(req.url))
app.get('/search', ({ req }) => shop.query([...new URL(req.url).searchParams]))
app.get('/labels/:label', ({ params }) => ({ label: params.label }))
app.get('/shelves/:shelf/boxes/:box', ({ params }) => ({ shelf: params.shelf, box: params.box }))

app.get('/basket', ({ req }) => shop.basket(req.headers.get('cookie') ?? ''))
app.put('/basket/:set', ({ params }) => {
  const res = new Response(null, { status: 204 })
  for (const cookie of shop.cookies[params.set]) res.headers.append('Set-Cookie', cookie)
  return res
})

app.route(async ({ req }) => bytes(await req.arrayBuffer(), req.headers.get('content-type') ?? 'application/octet-stream'), {
  method: ['POST', 'PUT', 'PATCH', 'DELETE'],
  path: '/echo',
})
app.post('/json', async ({ req }) => Response.json({ got: await req.json() }, { status: 201, headers: { Location: '/teas/7' } }))
app.post('/forms', async ({ req }) => shop.query([...new URLSearchParams(await req.text())]))

app.get('/status/:status', ({ req, params }) => {
  const status = Number(params.status)
  if (status === 204 || status === 304) return new Response(null, { status })
  return text(new URL(req.url).searchParams.get('body') ?? '', status)
})
app.get('/moved/:status', ({ params }) => new Response(null, { status: Number(params.status), headers: { Location: '/teas?a=b&c=th%C3%A9' } }))
app.get('/leaflet', ({ req }) => {
  const headers = { ETag: shop.leafletETag, 'Cache-Control': 'max-age=60' }
  if (req.headers.get('if-none-match') === shop.leafletETag) return new Response(null, { status: 304, headers })
  return text('leaflet', 200, headers)
})
app.get('/links', () => {
  const headers = new Headers({ 'Content-Type': 'text/plain; charset=UTF-8', 'X-Tea': 'a, b', 'Content-Language': 'fr', 'X-Tea-Odd': `"q\\" <&> ;=` })
  for (const link of ['</a>; rel="next"', '</b>; rel="prev"']) headers.append('Link', link)
  for (const name of ['Accept', 'Cookie']) headers.append('Vary', name)
  return new Response('links', { headers })
})
app.get('/pixel.png', () => bytes(shop.pixel, 'image/png'))
app.get('/every', () => bytes(shop.every, 'application/octet-stream'))
app.get('/ledger', () => text(shop.ledger))
app.get('/ticks', () => bytes(Readable.toWeb(Readable.from(shop.ticks.map(Buffer.from))), 'text/event-stream'))
app.get('/late', () => bytes(ReadableStream.from(late()), 'text/event-stream'))
app.get('/cellar', ({ req }) => {
  if (req.headers.get('authorization') === `Basic ${Buffer.from('gopher:p:ässword').toString('base64')}`) return { welcome: true }
  return new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="cellar", charset="UTF-8"' } })
})
app.get('/broken', () => {
  throw new shop.OutOfStock('no tea left')
})
app.notFound(async () => text('404 Not Found', 404))
app.errorHandler(Error, async (err) => (err instanceof NotFoundError ? text('404 Not Found', 404) : Response.json({ error: err.name }, { status: 500 })))

async function* late() {
  for await (const tick of shop.late()) yield Buffer.from(tick)
}
