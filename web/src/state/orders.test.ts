import { expect, it } from 'vitest'
import { needsReason, stepPath, stepsOfDesk, stepsOfUnit, wantedNow } from './orders'

it.each([
  ['sent', ['sign', 'return'], ['reassign', 'withdraw']],
  ['signed', ['done', 'ask_extension', 'ask_suspension', 'return'], ['reassign', 'withdraw']],
  ['extension_asked', ['done'], ['approve', 'refuse', 'reassign', 'withdraw']],
  ['suspended', ['resume'], ['reassign', 'withdraw']],
  ['returned', [], ['reassign']],
  ['done', [], []],
  ['withdrawn', [], []],
] as const)('of what is %s the unit and the desk each have their steps', (state, unit, desk) => {
  expect(stepsOfUnit({ state })).toEqual(unit)
  expect(stepsOfDesk({ state, asked_by: 7 }, 8)).toEqual(desk)
})

it('does not let who asked decide', () => {
  expect(stepsOfDesk({ state: 'suspension_asked', asked_by: 8 }, 8)).toEqual(['reassign', 'withdraw'])
})

it('asks why where the unit gives it back or puts it off', () => {
  expect(needsReason('return')).toBe(true)
  expect(needsReason('sign')).toBe(false)
  expect(stepPath(5, 'ask_extension')).toBe('/api/v1/unit-orders/5/ask-extension')
})

it.each([
  ['at first all who handle', [], false, [1, 2, undefined]],
  ['who has it no more', [{ unit_id: 1, state: 'sent' }], false, [2, undefined]],
  [
    'nor who gave it back or was relieved',
    [
      { unit_id: 1, state: 'returned' },
      { unit_id: 2, state: 'reassigned' },
    ],
    false,
    [undefined],
  ],
  ['but from whom it was taken by mistake', [{ unit_id: 1, state: 'withdrawn' }], false, [1, 2, undefined]],
  ['and who was done before, anew', [{ unit_id: 1, state: 'done' }], false, [1, 2, undefined]],
  ['after the work who checks', [{ unit_id: 1, state: 'done' }], true, [3]],
  ['and did none of it', [{ unit_id: 3, state: 'done' }], true, []],
] as const)('of a plan are wanted: %s', (_, orders, checking, want) => {
  const proposed = [
    { role: 'lead', kind: 'gas', unit_id: 1 },
    { role: 'support', kind: 'fire', unit_id: 2 },
    { role: 'support', kind: 'property' },
    { role: 'check', kind: 'street_office', unit_id: 3 },
  ] as const
  expect(wantedNow(proposed, orders, checking).map((p) => p.unit_id)).toEqual(want)
})
