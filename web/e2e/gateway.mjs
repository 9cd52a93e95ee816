// A gateway for text messages and calls for the tests, with the phones behind it:
// it loses, delays and doubles, and signs as Standard Webhooks says.
//   node gateway.mjs SECRET          prints its address as a line, then each message that arrives at a phone
//   PUT /test/rules {loses, delay, dead}     loses: the first attempt is lost, the second arrives and is not answered; dead: nobody is answered
//   POST /test/say {to, path, id, body}      calls the server twice at once, and once more later; answers with the statuses
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const [secret] = process.argv.slice(2)
const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
const signature = (id, timestamp, body) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
const line = (said) => process.stdout.write(`${typeof said === 'string' ? said : JSON.stringify(said)}\n`)

let rules = { loses: true, delay: 300, dead: false }
const attempts = new Map()

function signed(headers, body) {
  const want = Buffer.from(signature(headers['webhook-id'], headers['webhook-timestamp'], body))
  const given = Buffer.from(headers['webhook-signature'] ?? '')
  return given.length === want.length && timingSafeEqual(given, want)
}

async function take(req, res, body) {
  if (rules.dead) return
  if (!signed(req.headers, body)) {
    line({ unsigned: req.url })
    return res.writeHead(401).end()
  }
  const { id, to, text, keys } = JSON.parse(body)
  const n = (attempts.get(id) ?? 0) + 1
  attempts.set(id, n)
  if (rules.loses && n === 1) return req.socket.destroy()
  line({ channel: req.url.slice(1), id, to, text, keys })
  await wait(rules.delay)
  if (rules.loses && n === 2) return req.socket.destroy()
  res.writeHead(202).end(JSON.stringify({ id: `p-${id}` }))
}

/** Calls the server, and again while it is not taken. */
async function call({ to, path, id, body }) {
  for (let n = 1; ; n++) {
    const text = JSON.stringify(body)
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers = {
      'Content-Type': 'application/json',
      'Webhook-Id': id,
      'Webhook-Timestamp': timestamp,
      'Webhook-Signature': signature(id, timestamp, text),
    }
    const { status } = await fetch(`${to}/api/v1/gateway/${path}`, { method: 'POST', headers, body: text })
    if (status < 300 || n === 10) return status
    await wait(rules.delay)
  }
}

async function say(said) {
  const twice = await Promise.all([call(said), call(said)])
  await wait(rules.delay)
  return [...twice, await call(said)]
}

const server = createServer(async (req, res) => {
  let body = ''
  for await (const part of req) body += part
  if (req.url === '/test/rules') {
    rules = { ...rules, ...JSON.parse(body) }
    res.end('{}')
  } else if (req.url === '/test/say') {
    res.end(JSON.stringify(await say(JSON.parse(body))))
  } else await take(req, res, body)
})
server.listen(0, '127.0.0.1', () => line(`http://127.0.0.1:${server.address().port}`))
process.stdin.on('end', () => process.exit(0)).resume() // goes with the test
