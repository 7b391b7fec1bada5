#!/usr/bin/env bash
# A queue has orders and mails. A function processes each kind with its own BatchProcessor of
# Powertools, and adds the failures of the second response to those of the first. The mail server
# is down once, so the mail to Ada fails, and SQS sends the message again.
# Expected: the second attempt is fine, and the function reports no failure.
# What happens: processors without a failure all return one object, a constant of the package. The
# function has put the failed mail into it, so the mail is there in each later response of this
# process: it is reported as failed although it was sent. With no failures at all, both responses
# are this object, and its list grows to twice its length with each batch.
# Why it matters: Lambda puts a message that was reported as failed back on the queue. Ada gets
# the mail again and again, until the message goes to the dead-letter queue. To be safe, make a
# new object: { batchItemFailures: [...first.batchItemFailures, ...second.batchItemFailures] }
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts @aws-lambda-powertools/batch@2.35.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.mjs <<'JS'
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync('node_modules/@aws-lambda-powertools/batch/package.json'))
console.log('@aws-lambda-powertools/batch', version)

const processors = { orders: new BatchProcessor(EventType.SQS), mails: new BatchProcessor(EventType.SQS) }
const ship = async () => {}
let down = true // the mail server
let sent = []
const mail = async ({ body }) => {
  if (down) {
    down = false
    throw new Error('mail server is down')
  }
  sent.push(body)
}

const handler = async ({ Records }) => {
  const ofKind = (kind) => ({ Records: Records.filter(({ messageId }) => messageId.startsWith(kind)) })
  const response = await processPartialResponse(ofKind('order'), ship, processors.orders)
  const mails = await processPartialResponse(ofKind('mail'), mail, processors.mails)
  response.batchItemFailures.push(...mails.batchItemFailures)
  return response
}

const record = (messageId, body) => ({ messageId, body, eventSource: 'aws:sqs' })
const ada = record('mail-1', 'to Ada')
let got = ''
for (const Records of [
  [record('order-1', 'assam'), ada, record('mail-2', 'to Grace')],
  [record('order-2', 'sencha'), ada],
  [record('order-3', 'matcha'), ada],
]) {
  sent = []
  const failed = (await handler({ Records })).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  console.log(`\nreceives ${Records.map(({ messageId }) => messageId).join(', ')}`)
  console.log(`  sends mail ${sent.join(', ')}\n  reports as failed: ${failed.join(', ') || 'none'}`)
  got += `${sent}:${failed};`
}
if (got !== 'to Grace:mail-1;to Ada:mail-1,mail-1;to Ada:mail-1,mail-1,mail-1,mail-1;') {
  console.log('\nthis has changed')
  process.exit(1)
}
JS
node main.mjs
