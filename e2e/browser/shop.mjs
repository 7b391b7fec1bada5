// Visits the shop at a URL: node shop.mjs URL CHROMIUM [DIRECTORY]. CHROMIUM is the program to
// drive, DIRECTORY gets screenshots. What is not as it should be ends the program with an error.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const [url, executablePath, directory] = process.argv.slice(2)
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({ executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : [] })

// visitor opens a page in a new browser context without cookies.
async function visitor(options) {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 1010 }, ...options })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  page.problems = []
  page.on('pageerror', (error) => page.problems.push(error.message))
  page.on('console', (message) => {
    // The browser itself says this of a 404 and a 422.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) page.problems.push(message.text())
  })
  return page
}

// check holds a page against what every page of the shop must be.
async function check(page, response, status) {
  assert.equal(response.status(), status)
  const headers = response.headers()
  const footer = await page.locator('footer').innerText()
  for (const part of ['webapp', headers['x-amz-executed-version'], headers['x-amzn-requestid']]) {
    assert.ok(part && footer.includes(part), `no ${part} in the footer: ${footer}`)
  }
  assert.equal(await page.locator('.brand img').evaluate((icon) => icon.naturalWidth > 0), true, 'the icon does not load')
  assert.doesNotMatch(await page.locator('body').innerText(), /map\[|\{"|&lt;|<no value>/)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the window')
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => axe.run())
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html)}`), [])
  assert.deepEqual(page.problems, [])
}

// submit presses the button of the order form, and returns the response that the browser ends up with.
async function submit(page) {
  const response = page.waitForResponse((r) => r.request().isNavigationRequest() && r.status() !== 303)
  await page.getByRole('button', { name: 'Order' }).click()
  const r = await response
  await page.waitForLoadState()
  return r
}

async function screenshot(page, name) {
  if (directory) await page.screenshot({ path: `${directory}/${name}.png`, animations: 'disabled' })
}

async function boil(page) {
  await page.getByRole('button', { name: 'Put the kettle on' }).click()
  await page.getByText('Your cup is ready').waitFor()
  const lines = page.getByRole('log').getByRole('listitem')
  assert.equal(await lines.count(), 6)
  // The script writes when each line came. A reply that came as a whole has one time.
  const times = (await lines.locator('time').allInnerTexts()).map(parseFloat)
  assert.ok(times.at(-1) > times[1] && times[1] > times[0], `the lines came at ${times}`)
  await page.locator('#kettle button:enabled').waitFor()
}

async function buy(options, name) {
  const page = await visitor(options)
  await check(page, await page.goto('/'), 200)
  assert.equal(await page.getByRole('heading', { level: 3 }).count(), 6)
  await boil(page)
  await screenshot(page, `${name}-home`)

  const opened = page.waitForResponse('**/teas/*')
  await page.getByRole('link', { name: 'Yerba maté' }).click()
  await page.getByRole('button', { name: 'Order' }).waitFor()
  await check(page, await opened, 200)
  await screenshot(page, `${name}-tea`)

  const amount = page.getByLabel('Amount')
  const parcel = page.getByLabel('Name on the parcel')
  await amount.selectOption('250')
  await parcel.fill('x'.repeat(61))
  await check(page, await submit(page), 422)
  assert.equal(await amount.inputValue(), '250')
  assert.equal(await parcel.inputValue(), 'x'.repeat(61))
  assert.equal(await amount.getAttribute('aria-invalid'), null)
  assert.equal(await parcel.getAttribute('aria-invalid'), 'true')
  await amount.selectOption('')
  await parcel.fill('  ')
  await check(page, await submit(page), 422)
  await page.getByText('Choose how much you would like.').waitFor()
  await page.getByText('Enter the name for the parcel.').waitFor()
  await screenshot(page, `${name}-errors`)

  const customer = 'Ada <b>& Söhne</b>'
  await amount.selectOption('100')
  await parcel.fill(customer)
  await check(page, await submit(page), 200)
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), `Thank you, ${customer}.`)
  await page.getByRole('cell', { name: '€5.00' }).waitFor()
  await screenshot(page, `${name}-order`)
  const [cookie] = await page.context().cookies()
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['order', true, 'Lax'])
  assert.equal(new URL(page.url()).pathname, cookie.path)

  // Without the cookie there is no order.
  const other = await visitor(options)
  await check(other, await other.goto(cookie.path), 404)
  await screenshot(other, `${name}-sorry`)
  await page.context().close()
  await other.context().close()
}

await buy({ colorScheme: 'light' }, 'light')
await buy({ colorScheme: 'dark', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true }, 'mobile')

// Without JavaScript all of it works, but for the lines that come one by one.
const plain = await visitor({ javaScriptEnabled: false })
await plain.goto('/')
await plain.getByRole('link', { name: 'Assam' }).click()
await plain.getByLabel('Amount').selectOption('50')
await plain.getByLabel('Name on the parcel').fill('Ada')
assert.equal((await submit(plain)).status(), 200)
await plain.getByRole('heading', { name: 'Thank you, Ada.' }).waitFor()
await plain.getByRole('button', { name: 'Put the kettle on' }).click()
await plain.getByText('Your cup is ready').waitFor()

// A form of another site is refused, also where it brings the cookie along.
const thief = await visitor()
await thief.route('https://other.example/', (route) => route.fulfill({
  contentType: 'text/html',
  body: `<form method="post" action="${url}/teas/assam"><input name="grams" value="50"><input name="name" value="x"><button>Order</button></form>`,
}))
await thief.goto('https://other.example/')
assert.equal((await submit(thief)).status(), 403)

// An unknown path shows a page of the shop too.
const lost = await visitor()
await check(lost, await lost.goto('/attic'), 404)

await browser.close()
