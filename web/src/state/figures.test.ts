import { describe, expect, it } from 'vitest'
import { addressOf, askOf, boundsOf, type FigureAsk, lengthOf, longest, noAsk, percent, queryOf, readChoices, readFigures } from './figures'

const now = new Date('2026-03-15T10:30:00').getTime()
const own = (first: string, last: string): FigureAsk => ({ ...noAsk, period: 'own', first, last })
const days = (ask: FigureAsk) => {
  const b = boundsOf(ask, now)
  return b && Math.round((b.to.getTime() - b.from.getTime()) / 86_400_000)
}

describe('the period', () => {
  it('is whole days with the present one', () => {
    expect(boundsOf({ ...noAsk, period: 'today' }, now)).toEqual({
      from: new Date('2026-03-15T00:00:00'),
      to: new Date('2026-03-16T00:00:00'),
    })
    expect(boundsOf(noAsk, now)?.from).toEqual(new Date('2026-03-09T00:00:00'))
    expect(days({ ...noAsk, period: 'month' })).toBe(30)
  })
  it('is one’s own within bounds', () => {
    expect(days(own('2026-03-01', '2026-03-01'))).toBe(1)
    expect(days(own('2025-02-09', '2026-03-15'))).toBe(400)
    for (const wrong of [
      own('2025-02-08', '2026-03-15'),
      own('2026-03-02', '2026-03-01'),
      own('', '2026-03-01'),
      own('2026-99-99', '2026-03-01'),
    ])
      expect(queryOf(wrong, now)).toBe('')
  })
  it('survives the address', () => {
    const ask: FigureAsk = { period: 'own', first: '2026-01-01', last: '2026-02-01', area: 7, type: 'accident.fire', by: 'type' }
    expect(askOf(addressOf(ask))).toEqual(ask)
    expect(askOf(new URLSearchParams('period=x&first=y&area=z&by=w'))).toEqual(noAsk)
    expect(new URLSearchParams(queryOf(ask, now)).get('type_code')).toBe('accident.fire')
  })
})

const rate = { numerator: 1, denominator: 2 }
const figure = (p90?: number) => ({
  count: 1,
  rejected: 0,
  cancelled: 0,
  merged: 0,
  in_time: rate,
  answers: { satisfied: 1, mostly: 0, dissatisfied: 1 },
  satisfied: rate,
  steps: [{ name: 'verify', count: 1, ...(p90 === undefined ? {} : { median_seconds: 1, p90_seconds: p90 }), in_time: rate }],
})

it('reads answers, and refuses what is none', () => {
  const answer = {
    as_of: '2026-03-15T10:30:00Z',
    total: figure(5),
    groups: [{ area_id: 4, name_zh: '东苑', name_en: '东苑', ...figure() }],
  }
  expect(readFigures(answer).groups[0]?.steps[0]?.median_seconds).toBeUndefined()
  expect(() => readFigures({ ...answer, total: { ...figure(), count: -1 } })).toThrow()
  expect(readFigures(answer).total.answers.dissatisfied).toBe(1)
  expect(() => readFigures({ ...answer, total: { ...figure(), answers: {} } })).toThrow()
  expect(() => readChoices({ total: {}, groups: [], reasons: [] })).toThrow()
})

it('never rounds a late one away', () => {
  expect(percent({ numerator: 0, denominator: 0 })).toBeNull()
  expect(percent({ numerator: 999, denominator: 1000 })).toBe(99)
  expect(percent({ numerator: 3, denominator: 3 })).toBe(100)
})

it('tells lengths as people read them', () => {
  expect(lengthOf(45.4)).toEqual({ unit: 'clock', values: { m: 0, s: '45' } })
  expect(lengthOf(3599.6)).toEqual({ unit: 'hours', values: { h: 1, m: '00' } })
  expect(lengthOf(12_000)).toEqual({ unit: 'hours', values: { h: 3, m: '20' } })
  expect(lengthOf(86_400 * 3 + 3600 * 5)).toEqual({ unit: 'days', values: { d: 3, h: 5 } })
})

it('draws bars against the longest', () => {
  expect(longest([figure(5), figure(9), figure()], 0)).toBe(9)
  expect(longest([], 0)).toBe(1)
})
