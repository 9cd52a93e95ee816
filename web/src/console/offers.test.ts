import { describe, expect, it } from 'vitest'
import type { Offer } from '../api/types'
import { groupsOf, standingOf } from './offers'

const offer = (id: number, more: Partial<Offer>): Offer =>
  ({ id, wave: 1, state: 'offered', expires_at: '2026-11-26T10:00:00Z', answer_reason: '', ...more }) as Offer

describe('the offers of an incident', () => {
  it('come by wave, the newest first, and who stands by apart, the longest in front', () => {
    const groups = groupsOf([
      offer(1, { state: 'declined' }),
      offer(2, { state: 'standby', answered_at: '2026-11-26T09:02:00Z' }),
      offer(3, { wave: 2, state: 'standby', answered_at: '2026-11-26T09:01:00Z' }),
      offer(4, { wave: 2 }),
    ])
    expect(groups.map((g) => [g.wave, g.offers.map((o) => o.id)])).toEqual([
      [0, [3, 2]],
      [2, [4]],
      [1, [1]],
    ])
  })
})

describe('where an offer stands', () => {
  it('is its clock, when it is asked again, or why it ended', () => {
    expect(standingOf(offer(1, { state: 'seen' }))).toEqual({ key: 'answerIn', until: '2026-11-26T10:00:00Z' })
    expect(standingOf(offer(1, { state: 'later', later_until: 'T' }))).toEqual({ key: 'later', time: 'T' })
    expect(standingOf(offer(1, { state: 'standby', answered_at: 'T' }))).toEqual({ key: 'since', time: 'T' })
    expect(standingOf(offer(1, { state: 'expired' }))).toEqual({ key: 'silent' })
    expect(standingOf(offer(1, { state: 'withdrawn', ended_for: 'quota' }))).toEqual({ key: 'ended', why: 'quota' })
    expect(standingOf(offer(1, { state: 'declined', answer_reason: '太远' }))).toEqual({ key: 'said', words: '太远' })
    expect(standingOf(offer(1, { state: 'accepted' }))).toBeUndefined()
  })
})
