import { describe, expect, it } from 'vitest'
import { type Clock, heardTime, unknownClock } from './clock'

/** Folds what the server's clock said, a word each two seconds, each late by `delays`. */
function folded(delays: number[], ahead: number, from: Clock = unknownClock): Clock {
  return delays.reduce((clock, delay, n) => heardTime(clock, 1_000_000 + n * 2000 + ahead, 1_000_000 + n * 2000 + delay), from)
}

describe("the server's clock", () => {
  it('is known within the quickest way here, however slow the others are', () => {
    const { offset } = folded([900, 40, 700, 2500, 300], 60_000)
    expect(60_000 - offset).toBe(40)
  })

  it('forgets what is older than a minute', () => {
    const { offset, samples } = folded([10, ...Array.from({ length: 30 }, () => 200)], 0)
    expect(offset).toBe(-200)
    expect(samples).toHaveLength(30)
  })

  it.each([-3_600_000, 3_600_000])('follows at once when our clock is set by %i ms', (set) => {
    const before = folded([50, 60], 0)
    const { offset } = folded([70, 80], set, before)
    expect(set - offset).toBe(70)
  })

  it('is not moved for long by one word that was very late', () => {
    const { offset } = folded([50, 30_000, 60], 0)
    expect(offset).toBe(-60)
  })
})
