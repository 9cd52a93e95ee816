import { describe, expect, it } from 'vitest'
import { arrivalMinutes, piecesOf, placeAt, spanOf, type Track } from './tracks'

const begin = Date.parse('2026-05-01T08:00:00Z')
const at = (minutes: number) => new Date(begin + minutes * 60_000).toISOString()
const track = (over: Partial<Track> = {}): Track => ({
  assignment_id: 1,
  responder_id: 11,
  name: '示范一',
  state: 'done',
  accepted_at: at(0),
  ended_at: at(9),
  points: [
    { lon: 121, lat: 38, at: at(1) },
    { lon: 121.01, lat: 38, at: at(2) },
    { lon: 121.01, lat: 38.02, at: at(4) },
    { lon: 121.02, lat: 38.02, at: at(7) }, // nothing for three minutes
  ],
  ...over,
})

describe('placeAt', () => {
  it('is on the way between two points', () => {
    expect(placeAt(track(), begin + 90_000)).toEqual([121.005, 38])
    expect(placeAt(track(), begin + 180_000)?.[1]).toBeCloseTo(38.01, 10)
  })
  it('is the point itself at its time', () => {
    expect(placeAt(track(), begin + 120_000)).toEqual([121.01, 38])
  })
  it('stays for a while where nothing follows, and is nowhere then', () => {
    expect(placeAt(track(), begin + 5 * 60_000)).toEqual([121.01, 38.02])
    expect(placeAt(track(), begin + 6.5 * 60_000)).toBeUndefined()
    expect(placeAt(track(), begin + 8 * 60_000)).toEqual([121.02, 38.02])
  })
  it('is nowhere before the first point and after the end', () => {
    expect(placeAt(track(), begin + 59_000)).toBeUndefined()
    expect(placeAt(track({ ended_at: at(7.5) }), begin + 451_000)).toBeUndefined()
  })
  it('is nowhere without points', () => {
    expect(placeAt(track({ points: [] }), begin)).toBeUndefined()
  })
})

describe('piecesOf', () => {
  it('is cut where the phone was silent', () => {
    expect(piecesOf(track()).map((p) => p.length)).toEqual([3, 1])
    expect(piecesOf(track())[1]).toEqual([[121.02, 38.02]])
  })
  it('is none of nothing', () => {
    expect(piecesOf(track({ points: [] }))).toEqual([])
  })
})

describe('spanOf', () => {
  it('goes from the first acceptance to the last end', () => {
    expect(spanOf([track(), track({ accepted_at: at(-3), ended_at: at(5) })])).toEqual([begin - 180_000, begin + 540_000])
  })
  it('is empty without tracks', () => {
    expect(spanOf([])).toEqual([0, 0])
  })
})

describe('arrivalMinutes', () => {
  it('counts from the acceptance', () => {
    expect(arrivalMinutes(track({ on_scene_at: at(7) }))).toBe(7)
    expect(arrivalMinutes(track())).toBeUndefined()
  })
})
