import Fastify from 'fastify'
import { Readable } from 'node:stream'
import * as shop from './shop.mjs'

// build makes the shop in Fastify. @fastify/aws-lambda must decorate the application before it is
// ready.
export function build() {
  const app = Fastify({ trustProxy: true, bodyLimit: 1 << 20 })

  app.get('/', (req, reply) => reply.type('text/html; charset=utf-8').send(shop.page))
  app.get('/request', (req) => ({ method: req.method, path: req.url.split('?')[0], headers: shop.headers(Object.entries(req.headers)) }))
  app.get('/url', (req, reply) => reply.type('text/plain; charset=utf-8').send(`${req.protocol}://${req.host}${req.url}`))
  app.get('/search', (req) => shop.query(shop.pairs(req.query)))
  app.get('/labels/:label', (req) => ({ label: req.params.label }))
  app.get('/shelves/:shelf/boxes/:box', (req) => ({ shelf: req.params.shelf, box: req.params.box }))

  app.get('/basket', (req) => shop.basket(req.headers.cookie))
  app.put('/basket/:set', (req, reply) => reply.header('set-cookie', shop.cookies[req.params.set]).code(204).send())

  // Bodies of all types are bytes here.
  app.register(async (echo) => {
    echo.removeAllContentTypeParsers()
    echo.addContentTypeParser('*', { parseAs: 'buffer' }, (req, body, done) => done(null, body))
    echo.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE'],
      url: '/echo',
      handler: (req, reply) => reply.header('content-type', req.headers['content-type'] ?? 'application/octet-stream').send(req.body ?? ''),
    })
  })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (req, body, done) =>
    done(null, [...new URLSearchParams(body)]),
  )
  app.post('/json', (req, reply) => reply.code(201).header('location', '/teas/7').send({ got: req.body ?? null }))
  app.post('/forms', (req) => shop.query(req.body ?? []))

  app.get('/status/:status', (req, reply) => {
    reply.code(Number(req.params.status))
    if (reply.statusCode === 204 || reply.statusCode === 304) return reply.send()
    return reply.type('text/plain; charset=utf-8').send(req.query.body ?? '')
  })
  app.get('/moved/:status', (req, reply) => reply.redirect('/teas?a=b&c=th%C3%A9', Number(req.params.status)))
  app.get('/leaflet', (req, reply) => {
    reply.headers({ etag: shop.leafletETag, 'cache-control': 'max-age=60' })
    if (req.headers['if-none-match'] === shop.leafletETag) return reply.code(304).send()
    return reply.type('text/plain; charset=utf-8').send('leaflet')
  })
  app.get('/links', (req, reply) =>
    reply
      .headers({ link: ['</a>; rel="next"', '</b>; rel="prev"'], vary: ['Accept', 'Cookie'] })
      .headers({ 'x-tea': 'a, b', 'content-language': 'fr', 'x-tea-odd': `"q\\" <&> ;=` })
      .send('links'),
  )
  app.get('/pixel.png', (req, reply) => reply.type('image/png').send(shop.pixel))
  app.get('/every', (req, reply) => reply.type('application/octet-stream').send(shop.every))
  app.get('/ledger', (req, reply) => reply.type('text/plain; charset=utf-8').send(shop.ledger))
  app.get('/ticks', (req, reply) => reply.type('text/event-stream').send(Readable.from(shop.ticks)))
  app.get('/late', (req, reply) => reply.type('text/event-stream').send(Readable.from(shop.late())))
  app.get('/cellar', (req, reply) => {
    if (req.headers.authorization === `Basic ${Buffer.from('gopher:p:ässword').toString('base64')}`) return { welcome: true }
    return reply.code(401).header('www-authenticate', 'Basic realm="cellar", charset="UTF-8"').send()
  })
  app.get('/broken', async () => {
    throw new shop.OutOfStock('no tea left')
  })
  app.setErrorHandler((err, req, reply) => reply.code(err.statusCode ?? 500).send({ error: err.name }))
  return app
}
