import { describe, expect, it } from 'vitest'
import type { Position } from './outbox_store'
import { addPosition, metersBetween, mostKept, ofTask, withoutBatch } from './track'

const start = Date.parse('2026-11-23T10:00:00Z')
const fix = (seconds: number, lat = 36.8): Position => ({ lon: 117.87, lat, at: new Date(start + seconds * 1000).toISOString() })

describe('the own track', () => {
  it.each([
    ['the first', undefined, fix(0), true],
    ['standing still', fix(0), fix(5), false],
    ['standing still for long', fix(0), fix(31), true],
    ['a few steps', fix(0), fix(5, 36.800_05), false],
    ['a move', fix(0), fix(5, 36.800_2), true],
    ['an older fix', fix(10), fix(5, 36.9), false],
    ['the same fix', fix(10), fix(10, 36.9), false],
  ])('%s', (_, last, next, kept) => {
    expect(addPosition([], last, next)).toHaveLength(kept ? 1 : 0)
  })

  it('keeps what is of a task when that ends, and nothing else', () => {
    const track = [fix(0), fix(40), fix(80)]
    expect(ofTask(track, fix(40).at)).toEqual([fix(40), fix(80)])
    expect(ofTask(track, undefined)).toEqual([])
  })

  it('drops its oldest when an evening has no signal', () => {
    let track: readonly Position[] = []
    for (let n = 0; n < mostKept + 50; n++) track = addPosition(track, track.at(-1), fix(n * 60))
    expect(track).toHaveLength(mostKept)
    expect(track[0]).toEqual(fix(50 * 60))
  })

  it('keeps what came while a batch was on its way', () => {
    const batch = [fix(0), fix(60)]
    expect(withoutBatch([...batch, fix(120)], batch)).toEqual([fix(120)])
  })

  it('measures metres: a minute of latitude is a nautical mile', () => {
    expect(metersBetween({ lon: 117, lat: 36 }, { lon: 117, lat: 36 + 1 / 60 })).toBeCloseTo(1853.2, 0)
    expect(metersBetween({ lon: 117, lat: 36 }, { lon: 117, lat: 36 })).toBe(0)
  })
})
