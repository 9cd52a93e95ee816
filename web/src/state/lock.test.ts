import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Lock, type Shared, sharedOf } from './lock'

const minute = 60_000
const after = 15 * minute

/** A browser: its windows share a store, and each hears what the others write. */
class Browser {
  text: string | null = null
  private readonly windows: Lock[] = []

  open(account = 7, locked = false, lockAfter = after): { lock: Lock; told: boolean[] } {
    const told: boolean[] = []
    let self: Lock | undefined
    const world = {
      now: () => Date.now(),
      read: () => sharedOf(this.text),
      write: (shared: Shared) => {
        this.text = JSON.stringify(shared)
        for (const w of [...this.windows]) if (w !== self) w.heard(sharedOf(this.text))
      },
    }
    const lock = new Lock(world, account, lockAfter, locked, (now) => told.push(now))
    self = lock
    this.windows.push(lock)
    setInterval(() => lock.tick(), 1000)
    return { lock, told }
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-05-01T08:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a window by itself', () => {
  it('locks after its time, once', () => {
    const { lock, told } = new Browser().open()
    vi.advanceTimersByTime(after - 1000)
    expect(lock.locked).toBe(false)
    vi.advanceTimersByTime(1000)
    expect(lock.locked).toBe(true)
    vi.advanceTimersByTime(after)
    expect(told).toEqual([true])
  })

  it('counts from the last use', () => {
    const { lock } = new Browser().open()
    vi.advanceTimersByTime(10 * minute)
    lock.use()
    vi.advanceTimersByTime(14 * minute)
    expect(lock.locked).toBe(false)
    vi.advanceTimersByTime(1 * minute)
    expect(lock.locked).toBe(true)
  })

  it('does not take the waking of a machine that slept for use', () => {
    const { lock } = new Browser().open()
    vi.setSystemTime(Date.now() + 8 * 60 * minute) // no timer ran meanwhile
    lock.use()
    expect(lock.locked).toBe(true)
  })

  it('is not unlocked by use, only by being unlocked, and locks again', () => {
    const { lock, told } = new Browser().open()
    lock.lock()
    lock.use()
    expect(lock.locked).toBe(true)
    vi.advanceTimersByTime(60 * minute)
    lock.unlock()
    vi.advanceTimersByTime(after - 1000)
    expect(lock.locked).toBe(false)
    vi.advanceTimersByTime(1000)
    expect(told).toEqual([true, false, true])
  })

  it('never locks by itself where that is wanted, and still by hand', () => {
    const { lock } = new Browser().open(7, false, 0)
    vi.advanceTimersByTime(24 * 60 * minute)
    expect(lock.locked).toBe(false)
    lock.lock()
    expect(lock.locked).toBe(true)
  })

  it('begins locked where the session is', () => {
    const { lock, told } = new Browser().open(7, true)
    expect(lock.locked).toBe(true)
    expect(told).toEqual([true])
  })
})

describe('several windows', () => {
  it('stay open while one of them is used', () => {
    const browser = new Browser()
    const [a, b] = [browser.open(), browser.open()]
    for (let n = 0; n < 40; n++) {
      vi.advanceTimersByTime(minute)
      a.lock.use()
    }
    expect(b.lock.locked).toBe(false)
    vi.advanceTimersByTime(after)
    expect([a.lock.locked, b.lock.locked]).toEqual([true, true])
  })

  it('lock and unlock together', () => {
    const browser = new Browser()
    const [a, b] = [browser.open(), browser.open()]
    a.lock.lock()
    expect(b.told).toEqual([true])
    b.lock.unlock()
    expect(a.told).toEqual([true, false])
  })

  it('are locked when they are opened anew', () => {
    const browser = new Browser()
    browser.open().lock.lock()
    expect(browser.open().lock.locked).toBe(true)
  })

  it('are not unlocked by one that had not heard of the locking yet', () => {
    const browser = new Browser()
    const { lock } = browser.open()
    const before = sharedOf(browser.text)
    lock.lock()
    vi.advanceTimersByTime(minute)
    lock.heard(before && { ...before, used: Date.now() })
    expect(lock.locked).toBe(true)
    expect(sharedOf(browser.text)?.locked).toBe(true) // and it is told
  })

  it('of another account are none of its business', () => {
    const browser = new Browser()
    browser.open(7).lock.lock()
    const { lock } = browser.open(8)
    expect(lock.locked).toBe(false)
    lock.heard({ account: 7, used: Date.now(), locked: true, turn: 99 })
    expect(lock.locked).toBe(false)
  })
})

it('reads nothing from what is not a word of a window', () => {
  for (const text of [null, '', '1', '{}', '{"account":1,"used":2,"locked":"yes","turn":3}', '[]']) expect(sharedOf(text)).toBeNull()
})
