import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import * as shop from './shop.mjs'

// app is the shop in Hono.
export const app = new Hono()

app.get('/', (c) => c.html(shop.page))
app.get('/request', (c) => c.json({ method: c.req.method, path: c.req.path, headers: shop.headers([...c.req.raw.headers]) }))
app.get('/url', (c) => c.text(c.req.url))
app.get('/search', (c) => c.json(shop.query(shop.pairs(c.req.queries()))))
app.get('/labels/:label', (c) => c.json({ label: c.req.param('label') }))
app.get('/shelves/:shelf/boxes/:box', (c) => c.json({ shelf: c.req.param('shelf'), box: c.req.param('box') }))

app.get('/basket', (c) => c.json(shop.basket(c.req.header('cookie'))))
app.put('/basket/:set', (c) => {
  for (const cookie of shop.cookies[c.req.param('set')]) c.header('Set-Cookie', cookie, { append: true })
  return c.body(null, 204)
})

app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '/echo', async (c) =>
  c.body(await c.req.arrayBuffer(), 200, { 'Content-Type': c.req.header('content-type') ?? 'application/octet-stream' }),
)
app.post('/json', async (c) => c.json({ got: await c.req.json() }, 201, { Location: '/teas/7' }))
app.post('/forms', async (c) => c.json(shop.query([...new URLSearchParams(await c.req.text())])))

app.get('/status/:status', (c) => {
  const status = Number(c.req.param('status'))
  if (status === 204 || status === 304) return c.body(null, status)
  return c.text(c.req.query('body') ?? '', status)
})
app.get('/moved/:status', (c) => c.redirect('/teas?a=b&c=th%C3%A9', Number(c.req.param('status'))))
app.get('/leaflet', (c) => {
  c.header('ETag', shop.leafletETag)
  c.header('Cache-Control', 'max-age=60')
  if (c.req.header('if-none-match') === shop.leafletETag) return c.body(null, 304)
  return c.text('leaflet')
})
app.get('/links', (c) => {
  for (const link of ['</a>; rel="next"', '</b>; rel="prev"']) c.header('Link', link, { append: true })
  for (const name of ['Accept', 'Cookie']) c.header('Vary', name, { append: true })
  return c.text('links', 200, { 'X-Tea': 'a, b', 'Content-Language': 'fr', 'X-Tea-Odd': `"q\\" <&> ;=` })
})
app.get('/pixel.png', (c) => c.body(shop.pixel, 200, { 'Content-Type': 'image/png' }))
app.get('/every', (c) => c.body(shop.every, 200, { 'Content-Type': 'application/octet-stream' }))
app.get('/ledger', (c) => c.text(shop.ledger))
app.get('/ticks', (c) => streamed(c, shop.ticks))
app.get('/late', (c) => streamed(c, shop.late()))
app.get('/cellar', (c) => {
  if (c.req.header('authorization') === `Basic ${Buffer.from('gopher:p:ässword').toString('base64')}`) return c.json({ welcome: true })
  return c.body(null, 401, { 'WWW-Authenticate': 'Basic realm="cellar", charset="UTF-8"' })
})
app.get('/broken', () => {
  throw new shop.OutOfStock('no tea left')
})
app.onError((err, c) => c.json({ error: err.name }, 500))

function streamed(c, chunks) {
  c.header('Content-Type', 'text/event-stream')
  return stream(c, async (out) => {
    for await (const chunk of chunks) await out.write(chunk)
  })
}
