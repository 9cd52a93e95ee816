import { describe, expect, it } from 'vitest'
import type { Frame } from './frames'
import { type LinkState, LiveFeed, type Socket, type World } from './live'
import { closeCodes } from './live.gen'

const at = '2026-11-23T00:00:00Z'
const snapshot = { type: 'snapshot', epoch: 'e', offset: 1, server_time: at, incidents: [], offers: [], assignments: [], responders: [] }
const heartbeat = { type: 'heartbeat', offset: 1, server_time: at, layers: {} }

class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  sent: { type?: string; since?: unknown; layers?: string[]; view?: readonly number[]; incident?: number | null }[] = []
  closed = false
  send(text: string): void {
    this.sent.push(JSON.parse(text) as FakeSocket['sent'][number])
  }
  close(): void {
    this.closed = true
  }
  say(...frames: unknown[]): void {
    this.onmessage?.({ data: JSON.stringify(frames) })
  }
}

class FakeWorld implements World {
  time = 0
  /** How far sleep, or somebody, has moved the clock. */
  moved = 0
  wake = () => {}
  gone = () => {}
  chance = 1
  sockets: FakeSocket[] = []
  private timers: { at: number; run: () => void }[] = []
  open = (): Socket => {
    const socket = new FakeSocket()
    this.sockets.push(socket)
    return socket
  }
  passed = () => this.time
  clock = () => this.time + this.moved
  watch = (wake: () => void, gone: () => void) => {
    this.wake = wake
    this.gone = gone
    return () => {
      this.wake = this.gone = () => {}
    }
  }
  random = () => this.chance
  after = (ms: number, run: () => void) => {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((t) => t !== timer)
    }
  }
  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const due = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.timers = this.timers.filter((t) => t !== due)
      this.time = Math.max(this.time, due.at)
      due.run()
    }
    this.time = end
  }
  get newest(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }
}

function start() {
  const world = new FakeWorld()
  const links: LinkState[] = []
  const frames: Frame[] = []
  let since: { epoch: string; offset: number } | undefined
  const feed = new LiveFeed(world, 'ws://x', ['incidents'], {
    frames: (got) => frames.push(...got),
    link: (state) => links.push(state),
    since: () => since,
  })
  feed.start()
  const up = () => {
    world.newest.onopen?.()
    world.newest.say(snapshot)
    since = { epoch: 'e', offset: 1 }
  }
  return { world, feed, links, frames, up }
}

describe('the live socket', () => {
  it('subscribes from nothing and hands frames on', () => {
    const { world, links, frames, up } = start()
    up()
    expect(world.newest.sent).toEqual([{ type: 'subscribe', protocol: 1, layers: ['incidents'] }])
    expect(links).toEqual(['connecting', 'live'])
    expect(frames.map((f) => f.type)).toEqual(['snapshot'])
  })

  it('says what part of the map it looks at, with its subscription and whenever that changes', () => {
    const { world, feed, up } = start()
    feed.look([1, 2, 3, 4])
    up()
    feed.look([5, 6, 7, 8])
    expect(world.newest.sent.map((m) => m.view)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ])
    world.newest.onclose?.({ code: 1006 })
    world.pass(500)
    world.newest.onopen?.()
    expect(world.newest.sent.map((m) => m.view)).toEqual([[5, 6, 7, 8]])
  })

  it('calls silence lost within five seconds and goes on where it was', () => {
    const { world, links, up } = start()
    up()
    world.pass(2000)
    world.newest.say(heartbeat)
    const first = world.newest
    world.pass(4999)
    expect(links.at(-1)).not.toBe('live')
    expect(first.closed).toBe(true)
    expect(world.sockets).toHaveLength(2)
    world.newest.onopen?.()
    expect(world.newest.sent[0]?.since).toEqual({ epoch: 'e', offset: 1 })
  })

  it('stays live as long as heartbeats come', () => {
    const { world, links, up } = start()
    up()
    for (let n = 0; n < 100; n++) {
      world.pass(2000)
      world.newest.say(heartbeat)
    }
    expect(links).toEqual(['connecting', 'live'])
  })

  it('notices that it slept: the watch is over when the clock has jumped', () => {
    const { world, links, up } = start()
    up()
    world.time += 3_600_000
    world.pass(0)
    expect(links.at(-1)).toBe('live')
    world.pass(300)
    expect(links).toContain('lost')
  })

  it('comes back with growing pauses, spread by chance, within a bound', () => {
    const { world, up } = start()
    up()
    const pauses: number[] = []
    for (let n = 0; n < 10; n++) {
      const before = world.time
      const count = world.sockets.length
      world.newest.onclose?.({ code: 1006 })
      while (world.sockets.length === count) world.pass(10)
      pauses.push(world.time - before)
    }
    expect(pauses.slice(0, 5)).toEqual([500, 1000, 2000, 4000, 8000])
    expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000)
    world.chance = 0
    const count = world.sockets.length
    world.newest.onclose?.({ code: 1006 })
    world.pass(0)
    expect(world.sockets).toHaveLength(count + 1)
  })

  it('waits longer for the first word after attempts in vain', () => {
    const { world, up } = start()
    up()
    const waited: number[] = []
    world.newest.onclose?.({ code: 1006 })
    for (let n = 0; n < 7; n++) {
      const count = world.sockets.length
      while (world.sockets.length === count) world.pass(10)
      const opened = world.time
      while (!world.newest.closed) world.pass(10) // it opens, perhaps, and says nothing
      waited.push(world.time - opened)
    }
    expect(waited).toEqual([4000, 4000, 4000, 8000, 15_000, 15_000, 15_000])
    const count = world.sockets.length
    while (world.sockets.length === count) world.pass(10)
    world.newest.onopen?.()
    world.pass(14_000)
    world.newest.say(heartbeat) // it is waiting for its turn
    world.pass(14_000)
    expect(world.newest.closed).toBe(false)
  })

  it.each([
    [4001, 'signed_out'],
    [4005, 'reload'],
  ] as const)('after close code %i says %s and tries no more', (code, state) => {
    const { world, links, up } = start()
    up()
    world.newest.onclose?.({ code })
    world.pass(600_000)
    expect(links.at(-1)).toBe(state)
    expect(world.sockets).toHaveLength(1)
  })

  it.each(Object.values(closeCodes).filter((c) => c.next === 'again'))(
    'comes back after $name within $after_ms ms',
    ({ code, after_ms }) => {
      const { world, links, up } = start()
      up()
      world.chance = 0.999
      world.newest.onclose?.({ code })
      expect(links.at(-1)).toBe('lost')
      if (after_ms > 0) {
        world.pass(after_ms * 0.99)
        expect(world.sockets).toHaveLength(1)
      }
      world.pass(after_ms * 0.01)
      expect(world.sockets).toHaveLength(2)
    },
  )

  it('takes a code that is in no table for a broken connection', () => {
    const { world, up } = start()
    up()
    world.newest.onclose?.({ code: 4999 })
    world.pass(500)
    expect(world.sockets).toHaveLength(2)
  })

  it('comes back at once after being too slow', () => {
    const { world, up } = start()
    up()
    world.newest.onclose?.({ code: 4002 })
    world.pass(0)
    expect(world.sockets).toHaveLength(2)
  })

  it.each([4003, 4004, 1013, 1006, 4000])('tries again after close code %i', (code) => {
    const { world, up } = start()
    up()
    world.newest.onclose?.({ code })
    world.pass(15_000)
    expect(world.sockets.length).toBeGreaterThan(1)
  })

  it('what came while it slept is read before it calls silence', () => {
    const { world, links, up } = start()
    up()
    world.time += 30_000
    world.pass(0)
    world.newest.say(heartbeat)
    world.pass(3999)
    expect(links).toEqual(['connecting', 'live'])
  })

  it('after a broken event asks for a snapshot, and from it goes on by its offset again', () => {
    const { world, feed, frames, up } = start()
    up()
    world.newest.say({ type: 'event', offset: 2 })
    expect(world.newest.closed).toBe(true)
    world.pass(500)
    world.newest.onopen?.()
    expect(world.newest.sent[0]).toMatchObject({ type: 'subscribe' })
    expect(world.newest.sent[0]?.since).toBeUndefined()
    expect(feed.broken).toBe(1)
    expect(frames).toHaveLength(1)
    world.newest.say(snapshot)
    world.newest.onclose?.({ code: 1006 })
    world.pass(1000)
    world.newest.onopen?.()
    expect(world.newest.sent[0]?.since).toEqual({ epoch: 'e', offset: 1 })
  })

  it('asks less and less often where broken frames come again and again', () => {
    const { world, up } = start()
    up()
    for (let n = 0; n < 200; n++) {
      const count = world.sockets.length
      world.newest.say(heartbeat, 'rubbish')
      while (world.sockets.length === count) world.pass(100)
      world.newest.onopen?.()
      world.newest.say(snapshot, heartbeat)
    }
    expect(world.time).toBeGreaterThan(190 * 15_000)
    for (let n = 0; n < 31; n++) {
      world.pass(2000)
      world.newest.say(heartbeat)
    }
    const count = world.sockets.length
    world.newest.onclose?.({ code: 1006 })
    world.pass(500)
    expect(world.sockets).toHaveLength(count + 1)
  })

  it('takes a frame that its listener stumbles over for a broken one', () => {
    const world = new FakeWorld()
    const feed = new LiveFeed(world, 'ws://x', [], {
      frames: () => {
        throw new TypeError('of undefined')
      },
      link: () => {},
      since: () => ({ epoch: 'e', offset: 1 }),
    })
    feed.start()
    world.newest.onopen?.()
    world.newest.say(snapshot)
    expect(feed.broken).toBe(1)
    world.pass(500)
    world.newest.onopen?.()
    expect(world.newest.sent[0]?.since).toBeUndefined()
  })

  it.each([
    ['bytes', new ArrayBuffer(8)],
    ['nothing', undefined],
    ['an object', {}],
  ])('survives %s for a message', (_, data) => {
    const { world, feed, up } = start()
    up()
    world.newest.onmessage?.({ data })
    expect(feed.broken).toBe(1)
    world.pass(500)
    expect(world.sockets).toHaveLength(2)
  })

  it('says which incident is open, and says it again on its next socket', () => {
    const { world, feed, up } = start()
    feed.watching(7)
    up()
    feed.watching(8)
    feed.watching(8)
    const said = () => world.newest.sent.filter((m) => m.type === 'watching').map((m) => m.incident)
    expect(said()).toEqual([7, 8])
    world.newest.onclose?.({ code: 1006 })
    world.pass(500)
    up()
    expect(said()).toEqual([8])
    feed.watching(null)
    expect(said()).toEqual([8, null])
  })

  it('tries seldom while the network is gone, and at once when it is back', () => {
    const { world, links, up } = start()
    up()
    world.gone()
    expect(links.at(-1)).toBe('lost')
    world.pass(14_000)
    expect(world.sockets).toHaveLength(1)
    world.wake()
    expect(world.sockets).toHaveLength(2)
  })

  it('does not trust a socket when the clock has jumped over its silence', () => {
    const { world, up } = start()
    up()
    world.moved = 600_000
    world.wake()
    expect(world.sockets).toHaveLength(2)
    up()
    world.moved = -600_000
    world.pass(2000)
    world.newest.say(heartbeat)
    world.wake()
    expect(world.sockets).toHaveLength(2)
  })

  it('drops a broken position without a stir', () => {
    const { world, links, up } = start()
    up()
    world.newest.say({ type: 'positions', p: 'here' })
    expect(links).toEqual(['connecting', 'live'])
  })

  it('listens to the newest socket only', () => {
    const { world, frames, up } = start()
    up()
    const old = world.newest
    world.pass(5000)
    old.say(snapshot)
    old.onclose?.({ code: 4001 })
    expect(frames).toHaveLength(1)
    expect(world.sockets.length).toBeGreaterThan(1)
  })

  it('wakes at once, but leaves a live socket alone', () => {
    const { world, feed, up } = start()
    up()
    feed.wake()
    expect(world.sockets).toHaveLength(1)
    for (let n = 0; n < 6; n++) {
      world.newest.onclose?.({ code: 1006 })
      if (n < 5) world.pass(15_000)
    }
    const count = world.sockets.length
    feed.wake()
    expect(world.sockets).toHaveLength(count + 1)
  })

  it('is quiet after it was stopped', () => {
    const { world, feed, up } = start()
    up()
    feed.stop()
    feed.wake()
    world.pass(600_000)
    expect(world.sockets).toHaveLength(1)
    expect(world.newest.closed).toBe(true)
  })
})
