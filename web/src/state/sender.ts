// Carries the outbox: keeps every change before it acts on it, sends one item a
// lane at a time, and tells what is waiting. One sender a device: two open pages
// take turns by a lock.

import type { Box, Item, Lane, Outcome, Tap } from './outbox'
import * as outbox from './outbox'
import type { OutboxStore } from './outbox_store'

/** What the sender needs of the world; tests give their own. */
export interface SenderWorld {
  post(path: string, item: Item): Promise<Outcome>
  now(): number
  after(ms: number, run: () => void): () => void
  random(): number
  /** Runs alone among the device's pages. */
  alone(name: string, run: () => Promise<void>): Promise<void>
}

export class Sender {
  private box: Box = []
  private running: Record<Lane, boolean> = { taps: false, photos: false }
  private timers: Record<Lane, () => void> = { taps: () => {}, photos: () => {} }
  private writes: Promise<void> = Promise.resolve()
  private stopped = false

  private constructor(
    private readonly store: OutboxStore,
    private readonly world: SenderWorld,
    private readonly changed: (box: Box) => void,
  ) {}

  /** Takes up what an earlier page left, and goes on sending it. */
  static async start(store: OutboxStore, world: SenderWorld, changed: (box: Box) => void): Promise<Sender> {
    const sender = new Sender(store, world, changed)
    await sender.become(outbox.reopen(await store.items()))
    sender.kick()
    return sender
  }

  /** Keeps a tap and sends it when it can be; resolves once it is kept. */
  async tap(tap: Tap): Promise<void> {
    await this.become(outbox.enqueue(this.box, tap))
    this.kick()
  }

  /** The network or the session is back. */
  wake(): void {
    void this.become(outbox.hurry(this.box))
    this.kick()
  }

  takeBack(key: string): Promise<void> {
    return this.become(outbox.takeBack(this.box, key))
  }

  dismiss(key: string): Promise<void> {
    return this.become(outbox.dismiss(this.box, key))
  }

  stop(): void {
    this.stopped = true
    for (const lane of outbox.lanes) this.timers[lane]()
  }

  private kick(): void {
    for (const lane of outbox.lanes) void this.run(lane)
  }

  private async run(lane: Lane): Promise<void> {
    if (this.running[lane] || this.stopped) return
    this.running[lane] = true
    this.timers[lane]()
    try {
      await this.world.alone(`yiping-outbox-${lane}`, async () => {
        for (
          let item = outbox.next(this.box, lane, this.world.now());
          item && !this.stopped;
          item = outbox.next(this.box, lane, this.world.now())
        ) {
          if (!(await this.send(item))) return
        }
      })
    } finally {
      this.running[lane] = false
    }
    this.sleep(lane)
  }

  /** Sends one item; false when it makes no sense to go on now. */
  private async send(item: Item): Promise<boolean> {
    const path = outbox.pathOf(this.box, item)
    if (outbox.dependency(this.box, item) === 'refused' || path === undefined) {
      await this.settle(item.key, { is: 'refused', code: 'not_possible', message: '' })
      return true
    }
    await this.become(outbox.sending(this.box, item.key))
    let outcome: Outcome
    try {
      outcome = await this.world.post(path, item)
    } catch {
      outcome = { is: 'failed', byServer: false }
    }
    await this.settle(item.key, outcome)
    return outcome.is !== 'signed_out'
  }

  private settle(key: string, outcome: Outcome): Promise<void> {
    return this.become(outbox.settle(this.box, key, outcome, this.world.now(), this.world.random()))
  }

  private sleep(lane: Lane): void {
    const at = outbox.wakeAt(this.box, lane)
    if (at === undefined || at === 0 || this.stopped) return
    this.timers[lane] = this.world.after(Math.max(50, at - this.world.now()), () => void this.run(lane))
  }

  /** Shows the next box at once, and keeps it: writes follow each other in order. */
  private become(next: Box): Promise<void> {
    if (next === this.box) return this.writes
    const before = new Map(this.box.map((i) => [i.key, i]))
    const changed = next.filter((i) => before.get(i.key) !== i)
    const kept = new Set(next.map((i) => i.key))
    const gone = this.box.filter((i) => !kept.has(i.key)).map((i) => i.key)
    this.box = next
    this.changed(next)
    this.writes = this.writes.catch(() => {}).then(() => this.store.save(changed, gone))
    return this.writes
  }
}
