// The applications of this directory share this code. Each is the same shop in another framework. Their
// answers differ only in what the framework decides: the content type of JSON, and the page for an
// unknown path.

// every has each byte value once: it is not UTF-8, and contains a NUL.
export const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

// pixel is a PNG of one pixel.
export const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

// ledger is a text of about 100 KB.
export const ledger = Array.from({ length: 2500 }, (_, i) => `${i}: thé vert, 100 g, "龍井" <&>\n`).join('')

export const page = '<!doctype html><title>Thé</title><p>龍井 &amp; 🍵\n'

export const leafletETag = '"leaflet-7"'

// cookies are values of Set-Cookie. The second one has a comma.
export const cookies = {
  several: ['basket=assam; Path=/; HttpOnly', 'lang=fr; Path=/; SameSite=Lax', 'seen=a%2Cb'],
  expiring: ['session=7; Expires=Wed, 21 Oct 2048 07:28:00 GMT', 'lang=fr'],
  one: ['basket=mat%C3%A9; Path=/'],
  removed: ['basket=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
}

// ticks are what /ticks streams.
export const ticks = ['data: 1\n\n', 'data: é\n\n', 'data: 3\n\n']

// late yields the first tick immediately, and the others after release. If a client gets the first one
// before that, the answer is a stream.
export async function* late() {
  yield ticks[0]
  await new Promise((resolve) => waiting.push(resolve))
  yield ticks[1]
  yield ticks[2]
}

const waiting = []

export const release = () => {
  for (const resolve of waiting.splice(0)) resolve()
}

const shown = /^(x-tea.*|accept|accept-language|authorization|content-type|referer|user-agent)$/

// headers shows the client's headers of a request, from pairs of name and value. It treats a list in one
// header like several headers.
export const headers = (pairs) =>
  sorted(pairs.map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => shown.test(name)), (value) => value.split(/, */))

// query shows the parameters of a query string, from pairs of name and value.
export const query = (pairs) => sorted(pairs, (value) => [value])

function sorted(pairs, parts) {
  const all = new Map()
  for (const [name, value] of pairs) all.set(name, [...(all.get(name) ?? []), ...parts(value)])
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1))
}

// pairs turns a framework's query, which has one value or a list for each name, into pairs.
export const pairs = (values) =>
  Object.entries(values ?? {}).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]))

// basket shows the cookies of a request.
export const basket = (header = '') =>
  header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')

export class OutOfStock extends Error {
  name = 'OutOfStock'
}
