// This stands in for AWS's runtime for Node.js: it calls a handler with an event and a context, and
// returns what the handler returns, throws, or streams.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
import { Writable } from 'node:stream'

const streaming = Symbol('streaming')
const preludeType = 'application/vnd.awslambda.http-integration-response'

// awslambda is the global object for handlers that stream. A stream for HTTP begins with its metadata
// in JSON and eight NUL bytes. The first write also writes these, so a stream that ends without a
// write does not have them.
globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [streaming]: true }),
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType(preludeType)
      stream.prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)])
      return stream
    },
  },
}

// A ResponseStream sends each write of a handler immediately.
class ResponseStream extends Writable {
  contentType = 'application/octet-stream'
  prelude = null

  constructor(res) {
    super()
    this.res = res
  }

  setContentType(type) {
    this.contentType = type
  }

  begin() {
    if (!this.res.headersSent) this.res.writeHead(200, { 'Content-Type': this.contentType })
  }

  _write(chunk, encoding, done) {
    this.begin()
    if (this.prelude) chunk = Buffer.concat([this.prelude, chunk])
    this.prelude = null
    if (chunk.length === 0) return done()
    this.res.write(chunk, done)
  }

  _final(done) {
    this.begin()
    this.res.end(done)
  }
}

// invoke calls a handler and sends its reply to res as it comes. It sends an error as JSON with the
// status 500. If a stream breaks off, the answer breaks off too.
export async function invoke(handler, event, context, res) {
  const stream = new ResponseStream(res)
  try {
    if (handler[streaming]) {
      await handler(event, stream, context)
      if (!stream.writableEnded) stream.end()
      return
    }
    const reply = await new Promise((resolve, reject) => {
      const returned = handler(event, context, (err, value) => (err ? reject(err) : resolve(value)))
      if (typeof returned?.then === 'function') returned.then(resolve, reject)
    })
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply) ?? 'null')
  } catch (err) {
    if (res.headersSent) return res.destroy()
    const { name, message } = err instanceof Error ? err : { name: typeof err, message: String(err) }
    res.writeHead(500, { 'Content-Type': 'application/json' }).end(JSON.stringify({ errorType: name, errorMessage: message }))
  }
}

export const contextOf = (functionName, awsRequestId) => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${functionName}`,
  memoryLimitInMB: '128',
  awsRequestId,
  logGroupName: `/aws/lambda/${functionName}`,
  logStreamName: '2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef',
  getRemainingTimeInMillis: () => 3000,
})
