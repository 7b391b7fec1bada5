'use strict'

// greet answers with a greeting, and with the event that it got.
exports.greet = async (event) => ({ message: `Hello, ${event.name ?? 'world'}!`, event })

const orders = [
  {
    id: Number.MAX_SAFE_INTEGER, // 9007199254740991: Node.js keeps no more digits
    items: [{ name: 'pear', price: { amount: 0.3, currency: 'EUR' } }],
    note: null,
  },
  { id: 2, items: [], note: 'café' },
]

// orders answers with one order, with null where there is no such order, or with the
// list of all orders.
exports.orders = async ({ id }) => {
  if (id === undefined) return orders
  return orders.find((order) => String(order.id) === id) ?? null
}

class OutOfStock extends Error {
  name = 'OutOfStock'
}

// buy never succeeds.
exports.buy = async (event) => {
  throw new OutOfStock(`no ${event.item ?? 'item'} left`)
}
