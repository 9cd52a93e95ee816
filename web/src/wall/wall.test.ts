import { describe, expect, it } from 'vitest'
import { scaleFor } from './sizing'
import { advance, beginTour, stopFor, yieldTo } from './tour'

describe('tour', () => {
  it('stays until its time is up, then goes round everything once', () => {
    let tour = beginTour(0)
    expect(advance(tour, [1], [9], 1)).toBe(tour)
    const seen: string[] = []
    for (let now = tour.until, k = 0; k < 6; k++) {
      tour = advance(tour, [1, 2], [9], now)
      now = tour.until
      seen.push(tour.stop.kind === 'home' ? 'home' : `${tour.stop.kind}${tour.stop.id}`)
    }
    expect(seen).toEqual(['home', 'incident9', 'area1', 'area2', 'home', 'incident9'])
  })

  it('yields at once and goes on where it was', () => {
    let tour = advance(beginTour(0), [1, 2], [], stopFor.home)
    tour = advance(tour, [1, 2], [], tour.until)
    expect(tour.stop).toEqual({ kind: 'area', id: 1 })
    const shown = yieldTo(tour, 7, 100)
    expect(shown.stop).toEqual({ kind: 'incident', id: 7 })
    expect(advance(shown, [1, 2], [7], 100 + stopFor.critical - 1)).toBe(shown)
    expect(advance({ ...shown }, [1, 2], [], shown.until).stop).toEqual({ kind: 'area', id: 2 })
  })

  it('is not lost when the round grows shorter', () => {
    const tour = { at: 12, until: 0, stop: { kind: 'home' } as const }
    expect(advance(tour, [], [], 1).stop).toEqual({ kind: 'home' })
  })
})

describe('size of text', () => {
  it('grows with the distance and the resolution', () => {
    expect(scaleFor(1080, 6, 1.2)).toBeCloseTo(1.875, 2)
    expect(scaleFor(2160, 6, 1.2)).toBeCloseTo(3.75, 2)
    expect(scaleFor(1080, 0, 0)).toBe(1)
    expect(scaleFor(1080, 100, 0.1)).toBe(6)
  })
})
