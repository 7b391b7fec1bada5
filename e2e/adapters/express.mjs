import express from 'express'
import * as shop from './shop.mjs'

// app is the shop in Express.
export const app = express()
app.set('trust proxy', true)
app.disable('etag') // it differs between answers of different length

app.get('/', (req, res) => res.type('html').send(shop.page))
app.get('/request', (req, res) => res.json({ method: req.method, path: req.path, headers: shop.headers(Object.entries(req.headers)) }))
app.get('/url', (req, res) => res.type('text').send(`${req.protocol}://${req.host}${req.originalUrl}`))
app.get('/search', (req, res) => res.json(shop.query(shop.pairs(req.query))))
app.get('/labels/:label', (req, res) => res.json({ label: req.params.label }))
app.get('/shelves/:shelf/boxes/:box', (req, res) => res.json({ shelf: req.params.shelf, box: req.params.box }))

app.get('/basket', (req, res) => res.json(shop.basket(req.headers.cookie)))
app.put('/basket/:set', (req, res) => {
  for (const cookie of shop.cookies[req.params.set]) res.append('Set-Cookie', cookie)
  res.status(204).end()
})

const echo = (req, res) => {
  if (req.headers['content-type']) res.set('Content-Type', req.headers['content-type'])
  else res.type('bin')
  res.end(req.body)
}
const raw = express.raw({ type: () => true, limit: '1mb' })
app.post('/echo', raw, echo)
app.put('/echo', raw, echo)
app.patch('/echo', raw, echo)
app.delete('/echo', raw, echo)
app.post('/json', express.json(), (req, res) => res.status(201).location('/teas/7').json({ got: req.body ?? null }))
app.post('/forms', express.urlencoded(), (req, res) => res.json(shop.query(shop.pairs(req.body))))

app.get('/status/:status', (req, res) => {
  res.status(Number(req.params.status))
  if (res.statusCode === 204 || res.statusCode === 304) res.end()
  else res.type('text').end(req.query.body ?? '')
})
app.get('/moved/:status', (req, res) => res.status(Number(req.params.status)).location('/teas?a=b&c=th%C3%A9').end())
app.get('/leaflet', (req, res) => {
  res.set({ ETag: shop.leafletETag, 'Cache-Control': 'max-age=60' })
  if (req.headers['if-none-match'] === shop.leafletETag) res.status(304).end()
  else res.type('text').end('leaflet')
})
app.get('/links', (req, res) => {
  res.append('Link', ['</a>; rel="next"', '</b>; rel="prev"'])
  res.append('Vary', 'Accept').append('Vary', 'Cookie')
  res.set({ 'X-Tea': 'a, b', 'Content-Language': 'fr', 'X-Tea-Odd': `"q\\" <&> ;=` }).type('text').end('links')
})
app.get('/pixel.png', (req, res) => res.type('png').end(shop.pixel))
app.get('/every', (req, res) => res.type('bin').end(shop.every))
app.get('/ledger', (req, res) => res.type('text').end(shop.ledger))
app.get('/ticks', (req, res) => {
  res.set('Content-Type', 'text/event-stream')
  for (const tick of shop.ticks) res.write(tick)
  res.end()
})
app.get('/late', async (req, res) => {
  res.set('Content-Type', 'text/event-stream')
  for await (const tick of shop.late()) res.write(tick)
  res.end()
})
app.get('/cellar', (req, res) => {
  if (req.headers.authorization === `Basic ${Buffer.from('gopher:p:ässword').toString('base64')}`) res.json({ welcome: true })
  else res.status(401).set('WWW-Authenticate', 'Basic realm="cellar", charset="UTF-8"').end()
})
app.get('/broken', () => {
  throw new shop.OutOfStock('no tea left')
})
app.use((err, req, res, next) => res.status(err.status ?? 500).json({ error: err.name }))
