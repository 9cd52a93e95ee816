import { expect, it } from 'vitest'
import type { Plan } from '../api/types'
import { bodyOf, clockText, firstPlan, inUnits, minutesOf, onto } from './plan'

it('sends what a version says and nothing that is only told of it', () => {
  const version = { ...firstPlan(), id: 7, version: 3, by: '张', note: '', changes: [], created_at: '' } as unknown as Plan
  expect(bodyOf(version)).toEqual(firstPlan())
})

it('keeps what was edited and takes the rest from the newest version', () => {
  const seen = { ...firstPlan(), grade: 'large' as const }
  const mine = { ...seen, quota: 4, grade: undefined }
  const newest = { ...seen, quota: 2, pair: true, tell: ['119' as const] }
  const next = onto(seen, mine, newest)
  expect(next).toMatchObject({ quota: 4, pair: true, tell: ['119'] })
  expect('grade' in next).toBe(false)
  expect(newest.quota).toBe(2)
})

it.each([
  [0, 0, 'minute'],
  [45, 45, 'second'],
  [90, 90, 'second'],
  [120, 2, 'minute'],
  [7200, 2, 'hour'],
])('%i seconds are %i of a %s', (seconds, n, unit) => {
  expect(inUnits(seconds)).toEqual({ n, unit })
})

it('reads and writes times of a day', () => {
  expect([clockText(510), clockText(1440)]).toEqual(['08:30', '24:00'])
  expect([minutesOf('08:30'), minutesOf('00:00'), minutesOf('00:00', true)]).toEqual([510, 0, 1440])
})
