import { describe, expect, it } from 'vitest'
import { once } from '../api/once'
import { answerBody, mostWords, unhappy } from './satisfaction'

describe('an answer', () => {
  it.each([
    ['satisfied', '其实一般', { answer: 'satisfied' }],
    ['mostly', '', { answer: 'mostly' }],
    ['dissatisfied', '  ', { answer: 'dissatisfied' }],
    ['dissatisfied', ' 没有清理 ', { answer: 'dissatisfied', words: '没有清理' }],
    ['dissatisfied', '字'.repeat(mostWords + 1), { answer: 'dissatisfied', words: '字'.repeat(mostWords) }],
  ] as const)('%s with “%s”', (answer, words, want) => {
    expect(answerBody(answer, words)).toEqual(want)
  })
})

it('a thing said has one key until it is taken or another is said', () => {
  let n = 0
  const keys = once(() => `k${++n}`)
  const a = answerBody('satisfied', '')
  const b = answerBody('dissatisfied', '')
  expect([keys.keyOf(a), keys.keyOf(a), keys.keyOf(b), keys.keyOf(a)]).toEqual(['k1', 'k1', 'k2', 'k3'])
  keys.taken()
  expect(keys.keyOf(a)).toBe('k4')
})

it('those count who are not satisfied with the closing of now', () => {
  const answer = (closed_at: string, said: 'satisfied' | 'dissatisfied') => ({
    closed_at,
    answer: said,
    words: said,
    answered_at: closed_at,
  })
  const reports = [
    { answers: [answer('2026-03-01T08:00:00Z', 'dissatisfied'), answer('2026-03-05T08:00:00Z', 'satisfied')] },
    { answers: [answer('2026-03-05T08:00:00+00:00', 'dissatisfied')] },
    { answers: [] },
  ]
  expect(unhappy(reports, '2026-03-05T08:00:00Z').map((a) => a.closed_at)).toEqual(['2026-03-05T08:00:00+00:00'])
  expect(unhappy(reports, '2026-03-01T08:00:00Z')).toHaveLength(1)
  expect(unhappy(reports, undefined)).toEqual([])
})
