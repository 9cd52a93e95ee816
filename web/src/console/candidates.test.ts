import { describe, expect, it } from 'vitest'
import type { Candidate, Recommendation } from '../api/types'
import { byHand, factsOf, freshPosition, shortDetails, signed, stillThere, thinned } from './candidates'

const reason = (code: Candidate['reasons'][number]['code'], number = 0, seconds = 0) => ({ code, number, seconds })
function candidate(id: number, more: Partial<Candidate> & { area?: number; duty?: string } = {}): Candidate {
  const { area = 1, duty = 'on_duty', ...rest } = more
  return { responder: { id, area_id: area, duty }, recommended: false, confidence: 'high', reasons: [], ...rest } as unknown as Candidate
}
const ranked = (candidates: Candidate[], strengths: unknown[] = []): Recommendation =>
  ({ task: 'direct', candidates, strengths, as_of: '' }) as unknown as Recommendation

describe('why somebody is where they are in the ranking', () => {
  it('leaves the way to the first line and reads in one order', () => {
    const c = candidate(1, {
      reasons: [
        reason('travel', 900, 300),
        reason('tasks_lately', 2, 120),
        reason('own_community', 1, -60),
        reason('volunteered', 1, -120),
      ],
    })
    expect(factsOf(c).map((f) => f.code)).toEqual(['volunteered', 'own_community', 'tasks_lately'])
    expect(factsOf(c)[2]).toEqual({ code: 'tasks_lately', number: 2, seconds: 120 })
  })
  it('says the age of a fresh position only: an old one is a reason', () => {
    expect(freshPosition(candidate(1, { position_age_seconds: 20 }))).toBe(20)
    expect(freshPosition(candidate(1, { position_age_seconds: 900, confidence: 'medium' }))).toBeUndefined()
    expect(freshPosition(candidate(1, { confidence: 'medium' }))).toBeUndefined()
  })
  it('writes what a thing counts for with its sign', () => {
    expect([signed(60), signed(-30), signed(0)]).toEqual(['+60', '−30', ''])
  })
})

describe('what those who go leave behind', () => {
  const list = [
    candidate(1, { recommended: true }),
    candidate(2, { recommended: true, duty: 'on_call' }),
    candidate(3, { area: 2 }),
    candidate(4, { area: 2 }),
  ]
  const strengths = [
    { area_id: 1, area_name: '甲', on_duty: 2, after: 1, minimum: 2 },
    { area_id: 2, area_name: '乙', on_duty: 3, after: 3, minimum: 2 },
    { area_id: 3, area_name: '丙', on_duty: 0, after: 0, minimum: 1 },
  ]
  it('follows the recommended until somebody is picked', () => {
    expect(thinned(ranked(list, strengths), new Set())).toEqual([{ area: '甲', onDuty: 2, after: 1, minimum: 2 }])
  })
  it('follows the choice', () => {
    expect(thinned(ranked(list, strengths), new Set([3]))).toEqual([])
    expect(thinned(ranked(list, strengths), new Set([3, 4]))).toEqual([{ area: '乙', onDuty: 3, after: 1, minimum: 2 }])
  })
  it('counts nobody who is only on call', () => {
    expect(thinned(ranked(list, strengths), new Set([2]))).toEqual([])
  })
})

describe('a shortfall', () => {
  const shortfall = {
    wanted: 4,
    found: 1,
    skills: ['flood'],
    radius_meters: 15000,
    reason: 'skill',
    dispatchable: 7,
    barred: 0,
    asked: 2,
    unsure: 0,
  }
  it('says only what there is something to say of', () => {
    expect(shortDetails(shortfall as never)).toEqual([
      { key: 'skills', n: 1 },
      { key: 'asked', n: 2 },
      { key: 'dispatchable', n: 7 },
    ])
    expect(shortDetails({ ...shortfall, nearest_meters: 17000 } as never)).toContainEqual({ key: 'nearest', n: 17000 })
  })
})

describe('a choice', () => {
  const list = ranked([candidate(1, { recommended: true }), candidate(2)])
  it('by hand is one of whom the ranking does not recommend', () => {
    expect(byHand(list, new Set([1]))).toBe(false)
    expect(byHand(list, new Set([1, 2]))).toBe(true)
  })
  it('loses who is no candidate any more', () => {
    expect([...stillThere(list, new Set([2, 9]))]).toEqual([2])
  })
})
