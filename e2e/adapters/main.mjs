// Serves the shop in two ways, on free ports of the loopback interface: each application on its
// framework's own server, and each adapter's handler at POST /invoke/NAME. It prints the addresses
// as one line of JSON, and ends when its standard input ends.
import './runtime.mjs'
import serverlessExpress from '@codegenie/serverless-express'
import awsLambdaFastify from '@fastify/aws-lambda'
import { ServerlessAdapter } from '@h4ad/serverless-adapter'
import { AlbAdapter, ApiGatewayV1Adapter, ApiGatewayV2Adapter } from '@h4ad/serverless-adapter/adapters/aws'
import { ExpressFramework } from '@h4ad/serverless-adapter/frameworks/express'
import { AwsStreamHandler } from '@h4ad/serverless-adapter/handlers/aws'
import { DefaultHandler } from '@h4ad/serverless-adapter/handlers/default'
import { PromiseResolver } from '@h4ad/serverless-adapter/resolvers/promise'
import { getRequestListener } from '@hono/node-server'
import { handle, streamHandle } from 'hono/aws-lambda'
import { streamify } from '@aws-lambda-powertools/event-handler/http'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { app as expressApp } from './express.mjs'
import { build as buildFastify } from './fastify.mjs'
import { app as honoApp } from './hono.mjs'
import { handler as middy } from './middy.mjs'
import { app as powertoolsApp } from './powertools.mjs'
import { contextOf, invoke } from './runtime.mjs'
import { problems } from './schemas.mjs'
import { release } from './shop.mjs'

const h4ad = () =>
  ServerlessAdapter.new(expressApp)
    .setFramework(new ExpressFramework())
    .setResolver(new PromiseResolver())
    .addAdapter(new ApiGatewayV1Adapter({ lowercaseRequestHeaders: true }))
    .addAdapter(new ApiGatewayV2Adapter())
    .addAdapter(new AlbAdapter())

const binary = ({ headers }) => !/^(text\/|application\/json)/.test(headers['content-type'] ?? 'text/plain')
const binaryMimeTypes = ['application/octet-stream', 'image/png']

const fastifyStream = awsLambdaFastify(buildFastify(), { payloadAsStream: true })

const handlers = {
  'serverless-express': serverlessExpress({ app: expressApp, binarySettings: { isBinary: binary } }),
  fastify: awsLambdaFastify(buildFastify(), { binaryMimeTypes }),
  'fastify-multi': awsLambdaFastify(buildFastify(), { binaryMimeTypes, albMultiValueHeaders: true }),
  'fastify-stream': awslambda.streamifyResponse(async (event, responseStream, context) => {
    const { meta, stream } = await fastifyStream(event, context)
    await pipeline(stream, awslambda.HttpResponseStream.from(responseStream, meta))
  }),
  h4ad: h4ad().setHandler(new DefaultHandler()).setBinarySettings({ isBinary: (headers) => binary({ headers }) }).build(),
  'h4ad-stream': h4ad().setHandler(new AwsStreamHandler()).build(),
  hono: handle(honoApp),
  'hono-stream': streamHandle(honoApp),
  middy,
  powertools: (event, context) => powertoolsApp.resolve(event, context),
  'powertools-stream': streamify(powertoolsApp),
  throws: async () => {
    throw new TypeError('no tea left')
  },
}

const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${server.address().port}`)))

const functions = createServer(async (req, res) => {
  const [, action, name] = req.url.split('/')
  switch (action) {
    case 'invoke':
      return invoke(handlers[name], await json(req), contextOf(name, req.headers['x-request-id']), res)
    case 'release':
      release()
      return res.end()
    case 'problems':
      return res.end(JSON.stringify((await json(req)).map((event) => problems(name, event))))
  }
  res.writeHead(404).end()
})

const fastifyApp = buildFastify()
const addresses = {
  functions: await listen(functions),
  express: await listen(createServer(expressApp)),
  hono: await listen(createServer(getRequestListener(honoApp.fetch))),
  fastify: (await fastifyApp.listen({ host: '127.0.0.1', port: 0 })).replace('http://', ''),
}
console.log(JSON.stringify(addresses))
process.stdin.on('end', () => process.exit(0)).resume()
