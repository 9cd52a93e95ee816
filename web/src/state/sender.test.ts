import { describe, expect, it } from 'vitest'
import type { Box, Item, Outcome } from './outbox'
import { memoryStore, type OutboxStore } from './outbox_store'
import { Sender, type SenderWorld } from './sender'

const tap = (key: string, more: Partial<Item> = {}) => ({
  key,
  kind: 'assignment.en_route' as const,
  subject: 'assignment:1',
  path: `/${key}`,
  body: {},
  at: 1,
  ...more,
})

/** A server that has one effect a key, and can be made to fail. */
class FakeServer {
  readonly effects: string[] = []
  readonly posts: string[] = []
  private readonly answers = new Map<string, Outcome>()
  /** What the next attempts meet, before or after the effect; then everything goes well. */
  trouble: ('offline' | 'answer_lost' | Outcome)[] = []

  post = async (path: string, item: Item): Promise<Outcome> => {
    this.posts.push(item.key)
    const trouble = this.trouble.shift()
    if (trouble === 'offline') return { is: 'failed', byServer: false }
    if (trouble && trouble !== 'answer_lost') return trouble
    if (!this.answers.has(item.key)) {
      this.effects.push(path)
      this.answers.set(item.key, { is: 'sent', result: this.effects.length })
    }
    if (trouble === 'answer_lost') throw new Error('connection lost')
    return this.answers.get(item.key) ?? { is: 'failed', byServer: true }
  }
}

/** A world whose time moves only when told to. */
class FakeWorld implements SenderWorld {
  time = 0
  private timers: { at: number; run: () => void }[] = []
  constructor(private readonly server: { post: SenderWorld['post'] }) {}
  post = (path: string, item: Item) => this.server.post(path, item)
  now = () => this.time
  random = () => 1
  alone = (_: string, run: () => Promise<void>) => run()
  after = (ms: number, run: () => void) => {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((t) => t !== timer)
    }
  }
  async pass(ms: number): Promise<void> {
    await settled()
    const end = this.time + ms
    for (;;) {
      const due = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.timers = this.timers.filter((t) => t !== due)
      this.time = due.at
      due.run()
      await settled()
    }
    this.time = end
  }
}

async function settled(): Promise<void> {
  for (let n = 0; n < 50; n++) await Promise.resolve()
}

function run(server: FakeServer, store: OutboxStore = memoryStore()) {
  const world = new FakeWorld(server)
  let box: Box = []
  const started = Sender.start(store, world, (next) => {
    box = next
  })
  return { world, store, started, box: () => box }
}

describe('the sender', () => {
  it('sends in order, and only once', async () => {
    const server = new FakeServer()
    const { started, box } = run(server)
    const sender = await started
    await Promise.all([sender.tap(tap('a')), sender.tap(tap('b')), sender.tap(tap('c'))])
    await settled()
    expect(server.effects).toEqual(['/a', '/b', '/c'])
    expect(box().every((i) => i.state === 'sent')).toBe(true)
  })

  it('waits while offline and sends in order afterwards', async () => {
    const server = new FakeServer()
    server.trouble = Array(12).fill('offline')
    const { started, world, box } = run(server)
    const sender = await started
    await sender.tap(tap('a'))
    await sender.tap(tap('b'))
    await settled()
    expect(server.effects).toEqual([])
    expect(box().map((i) => i.state)).toEqual(['waiting', 'waiting'])
    await world.pass(600_000)
    expect(server.effects).toEqual(['/a', '/b'])
  })

  it('has one effect a tap when every answer is lost and the page dies ten times', async () => {
    const server = new FakeServer()
    const store = memoryStore()
    const first = run(server, store)
    server.trouble = ['answer_lost']
    const sender = await first.started
    await sender.tap(tap('a'))
    await sender.tap(tap('b'))
    await settled()
    sender.stop()
    for (let life = 0; life < 10; life++) {
      server.trouble = ['answer_lost']
      const { started, world } = run(server, store)
      const again = await started
      await world.pass(life < 9 ? 0 : 120_000)
      again.stop()
    }
    expect(server.effects).toEqual(['/a', '/b'])
    expect(server.posts.length).toBeGreaterThan(10)
    expect((await store.items()).map((i) => i.state)).toEqual(['sent', 'sent'])
  })

  it('keeps a tap before it sends it: a page killed in between loses nothing', async () => {
    const server = new FakeServer()
    const store = memoryStore()
    const stuck = new FakeWorld({ post: () => new Promise(() => {}) })
    const sender = await Sender.start(store, stuck, () => {})
    await sender.tap(tap('a'))
    await settled()
    expect((await store.items())[0]).toMatchObject({ key: 'a', state: 'sending' })
    sender.stop()
    await run(server, store).started
    await settled()
    expect(server.effects).toEqual(['/a'])
  })

  it('takes back what has not left', async () => {
    const server = new FakeServer()
    server.trouble = ['offline']
    const { started, world } = run(server)
    const sender = await started
    await sender.tap(tap('a'))
    await sender.tap(tap('b'))
    await settled()
    await sender.takeBack('b')
    await world.pass(60_000)
    expect(server.effects).toEqual(['/a'])
  })

  it('shows a refusal and goes on', async () => {
    const server = new FakeServer()
    server.trouble = [{ is: 'refused', code: 'version_conflict', message: '已被修改' }]
    const { started, box } = run(server)
    const sender = await started
    await sender.tap(tap('a'))
    await sender.tap(tap('b'))
    await settled()
    expect(box().map((i) => i.state)).toEqual(['refused', 'sent'])
    expect(box()[0]?.message).toBe('已被修改')
  })

  it('refuses what waited for something refused', async () => {
    const server = new FakeServer()
    server.trouble = [{ is: 'refused', code: 'illegal_transition', message: '' }]
    const { started, box } = run(server)
    const sender = await started
    await sender.tap(tap('accept', { kind: 'offer.accept' }))
    await sender.tap(tap('go', { after: 'accept', path: '/assignments/{id}/en-route' }))
    await settled()
    expect(box().map((i) => i.code)).toEqual(['illegal_transition', 'not_possible'])
    expect(server.effects).toEqual([])
  })

  it('fills in the id of the acceptance it waited for', async () => {
    const server = new FakeServer()
    const { started } = run(server)
    const sender = await started
    await sender.tap(tap('accept', { kind: 'offer.accept' }))
    await sender.tap(tap('go', { after: 'accept', path: '/assignments/{id}/en-route' }))
    await settled()
    expect(server.effects).toEqual(['/accept', '/assignments/1/en-route'])
  })

  it('stops at a lost session and goes on after signing in', async () => {
    const server = new FakeServer()
    server.trouble = [{ is: 'signed_out' }]
    const { started, world } = run(server)
    const sender = await started
    await sender.tap(tap('a'))
    await world.pass(600_000)
    expect(server.effects).toEqual([])
    sender.wake()
    await settled()
    expect(server.effects).toEqual(['/a'])
  })

  it('does not let a photo that is stuck hold up a tap', async () => {
    const server = new FakeServer()
    const world = new FakeWorld({ post: (path, item) => (item.kind === 'photo' ? new Promise(() => {}) : server.post(path, item)) })
    const sender = await Sender.start(memoryStore(), world, () => {})
    await sender.tap(tap('p', { kind: 'photo' }))
    await sender.tap(tap('a'))
    await settled()
    expect(server.effects).toEqual(['/a'])
  })
})
