import { describe, expect, it } from 'vitest'
import type { CallUpRoll, MyCallUp } from '../api/types'
import { allOf, askedOf, asksNow, callUpsView, progressOf, recordable, rollRows, stepsOf } from './call_up'
import type { Item } from './outbox'

const one = (list: readonly MyCallUp[], taps: readonly Item[]) => {
  const [view] = callUpsView(list, taps)
  if (!view) throw new Error('no call-up')
  return view
}
const call = (id: number, more: Partial<MyCallUp> = {}) =>
  ({ id, call_up_id: 1, state: 'asked', version: 1, gather_at: '2026-11-26T08:00:00Z', over: false, cancelled: false, ...more }) as MyCallUp
let seq = 0
const tap = (kind: Item['kind'], id: number, state: Item['state'] = 'waiting') =>
  ({
    seq: ++seq,
    key: `k${seq}`,
    kind,
    subject: `call_up:${id}`,
    path: '',
    body: {},
    at: 0,
    state,
    tries: 0,
    errors: 0,
    retryAt: 0,
  }) as Item

describe("one's own call-ups", () => {
  it('follow the taps before the server does', () => {
    const come = tap('call_up.come', 1)
    const view = one([call(1)], [tap('call_up.seen', 1), come])
    expect(view).toMatchObject({ state: 'coming', pending: come })
    expect(asksNow(one([call(1)], [tap('call_up.seen', 1)]))).toBe(true)
    expect(asksNow(view)).toBe(false)
  })

  it('are not moved by taps on another, nor by steps that are not theirs', () => {
    expect(callUpsView([call(1)], [tap('call_up.come', 2), tap('call_up.leave', 1)])[0]).toMatchObject({
      state: 'asked',
      pending: undefined,
    })
  })

  it('wait for nothing once a tap was sent', () => {
    expect(callUpsView([call(1)], [tap('call_up.come', 1, 'sent')])[0]).toMatchObject({ state: 'coming', pending: undefined })
  })

  it('come in the order in which they gather', () => {
    const list = callUpsView([call(1, { gather_at: '2026-11-26T10:00:00Z' }), call(2)], [])
    expect(list.map((c) => c.id)).toEqual([2, 1])
  })

  it('ask for nothing when they are over', () => {
    const view = one([call(1, { over: true, state: 'stood_down' })], [])
    expect(stepsOf(view)).toEqual([])
    expect(asksNow(view)).toBe(false)
  })
})

it.each([
  ['asked', ['come', 'decline', 'arrive']],
  ['coming', ['arrive', 'decline']],
  ['declined', ['arrive']],
  ['substitute', ['arrive']],
  ['arrived', ['leave']],
  ['left', []],
  ['stood_down', []],
] as const)('of somebody who is %s a dispatcher records %j', (state, steps) => {
  expect(recordable(state)).toEqual(steps)
})

it('sums a roll without its substitutes, the largest first', () => {
  const roll = {
    areas: { '3': { asked: 1, substitute: 90 }, '4': { coming: 2, arrived: 3, came: 3 } },
    affiliations: {},
  } as unknown as CallUpRoll
  const rows = rollRows(roll, 'areas', (k) => `区${k}`)
  expect(rows.map((r) => [r.name, askedOf(r.tally)])).toEqual([
    ['区4', 5],
    ['区3', 1],
  ])
})

it('counts everybody once, whether or not they came', () => {
  expect(allOf({ coming: 2, arrived: 3, came: 3, substitute: 4 })).toBe(9)
})

it('does not call substitutes asked when the asking has come past them', () => {
  expect(progressOf({ asked_to: 60, places: 10 })).toEqual({ n: 10, total: 10 })
  expect(progressOf({ asked_to: 500, places: 5000 })).toEqual({ n: 500, total: 5000 })
})
