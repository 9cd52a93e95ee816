import { describe, expect, it } from 'vitest'
import type { Config, Duty, Mine, MyAssignment, MyOffer } from '../api/types'
import type { Box, Item } from './outbox'
import { type Heard, mayShare, nextStep, phoneView } from './task'

const start = Date.parse('2026-11-23T10:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString()

function heard(mine: Partial<Mine> = {}): Heard {
  return {
    at: start,
    mine: {
      responder: { id: 1 } as Mine['responder'],
      on_call: [],
      offers: [],
      nearby: [],
      volunteered: [],
      thanked: [],
      call_ups: [],
      position_consent: { holds: true, asks: false, version: 1 },
      track_consent: { holds: true, asks: false, version: 1 },
      ...mine,
    },
  }
}
const incident = { id: 5, type_code: 'urban.manhole' } as MyOffer['incident']
const offer = (id: number, more: Partial<MyOffer> = {}) =>
  ({ id, incident, state: 'offered', offered_at: iso(start), expires_at: iso(start + 60_000), ...more }) as MyOffer
const assignment = (state: MyAssignment['state']) =>
  ({ id: 7, offer_id: 3, state, incident, accepted_at: iso(start), dispatcher_phone: '1', plan: { id: 9 } }) as MyAssignment
const duty = (more: Partial<Duty> = {}) => ({ id: 2, kind: 'on_duty', origin: 'self', starts_at: iso(start), ...more }) as Duty
let seq = 0
const item = (kind: Item['kind'], subject: string, more: Partial<Item> = {}): Item => ({
  seq: ++seq,
  key: `k${seq}`,
  kind,
  subject,
  path: '/x',
  body: {},
  at: start + 1000,
  state: 'waiting',
  tries: 0,
  errors: 0,
  retryAt: 0,
  ...more,
})
const view = (h: Heard, box: Box = [], now = start + 2000, config: Config | null = null) => phoneView(h, box, now, config)

describe('duty', () => {
  it('is what the server says', () => {
    expect(view(heard()).duty.on).toBe(false)
    expect(view(heard({ duty: duty() })).duty).toMatchObject({ on: true, id: 2, pending: undefined })
  })

  it('is over when its time is, though the server could not be asked', () => {
    expect(view(heard({ duty: duty({ ends_at: iso(start + 1000) }) })).duty.on).toBe(false)
  })

  it('follows the switch before the server does', () => {
    const on = item('duty.start', 'duty', { body: { ends_at: iso(start + 9000) } })
    expect(view(heard(), [on]).duty).toMatchObject({ on: true, id: undefined, endsAt: iso(start + 9000), pending: on })
    expect(view(heard(), [on, item('duty.end', 'duty')]).duty.on).toBe(false)
  })

  it('knows the id once the start was answered, and forgets taps older than the server’s word', () => {
    const sent = item('duty.start', 'duty', { state: 'sent', result: 44, overAt: start + 1500 })
    expect(view(heard(), [sent]).duty).toMatchObject({ on: true, id: 44, pending: undefined })
    expect(view({ ...heard(), at: start + 3000 }, [sent]).duty.on).toBe(false)
  })

  it('ignores a refused tap', () => {
    expect(view(heard(), [item('duty.start', 'duty', { state: 'refused', overAt: start + 1 })]).duty.on).toBe(false)
  })
})

describe('offers', () => {
  it('that are open come with the one that ends first in front', () => {
    const v = view(heard({ offers: [offer(1, { expires_at: iso(start + 90_000) }), offer(2)] }))
    expect(v.offers.map((o) => o.id)).toEqual([2, 1])
  })

  it('that ran out or were answered are gone; seeing one answers nothing', () => {
    const h = heard({ offers: [offer(1, { expires_at: iso(start + 1000) }), offer(2), offer(3), offer(4)] })
    const box = [item('offer.decline', 'offer:2'), item('offer.seen', 'offer:3'), item('offer.later', 'offer:4')]
    expect(view(h, box).offers.map((o) => o.id)).toEqual([3])
  })

  it('come back when the answer was refused', () => {
    expect(
      view(heard({ offers: [offer(2)] }), [item('offer.accept', 'offer:2', { state: 'refused', overAt: start + 1 })]).offers,
    ).toHaveLength(1)
  })

  it('put off are kept aside until their time', () => {
    const h = heard({ offers: [offer(1, { state: 'later', later_until: iso(start + 30_000) }), offer(2, { state: 'standby' })] })
    expect(view(h).offers).toEqual([])
    expect(view(h).put.map((o) => o.id)).toEqual([1, 2])
    expect(view(h, [], start + 31_000).offers.map((o) => o.id)).toEqual([1])
  })

  it('there was no need of are thanked for, until who gets it stands by', () => {
    const h = heard({ thanked: [{ offer_id: 8, incident_id: 5, type_code: 'x', area_name: '东苑', open: true }] })
    expect(view(h).thanked.map((o) => o.offer_id)).toEqual([8])
    expect(view(h, [item('offer.accept', 'offer:8')]).thanked).toEqual([])
    expect(view(heard()).thanked).toEqual([])
  })
})

describe('the task', () => {
  it('goes on with the taps that wait', () => {
    const h = heard({ assignment: assignment('accepted') })
    const go = item('assignment.en_route', 'assignment:7')
    const there = item('assignment.on_scene', 'assignment:7')
    expect(view(h, [go]).task).toMatchObject({ state: 'en_route', pending: go })
    expect(view(h, [go, there]).task).toMatchObject({ state: 'on_scene', pending: there })
  })

  it('never goes back, and takes no tap of another task', () => {
    const h = heard({ assignment: assignment('on_scene') })
    expect(view(h, [item('assignment.en_route', 'assignment:7'), item('assignment.done', 'assignment:8')]).task?.state).toBe('on_scene')
  })

  it('is there as soon as an offer is accepted, with its plan', () => {
    const config = { incident_types: [{ code: 'urban.manhole', plan: { id: 12 } }] } as unknown as Config
    const accept = item('offer.accept', 'offer:3')
    const box = [accept, item('assignment.en_route', 'offer:3', { after: accept.key })]
    expect(view(heard({ offers: [offer(3)] }), box, start + 2000, config).task).toMatchObject({
      state: 'en_route',
      assignmentId: undefined,
      acceptKey: accept.key,
      offerId: 3,
      plan: { id: 12 },
    })
  })

  it('keeps the taps made before the acceptance was answered', () => {
    const box = [
      item('offer.accept', 'offer:3', { state: 'sent', result: 7, overAt: start - 1 }),
      item('assignment.en_route', 'offer:3', { after: 'k' }),
    ]
    expect(view(heard({ assignment: assignment('accepted') }), box).task).toMatchObject({ state: 'en_route', assignmentId: 7 })
  })

  it('is none when the acceptance made a standby', () => {
    const box = [item('offer.accept', 'offer:3', { state: 'sent', overAt: start + 1 })]
    expect(view(heard({ offers: [offer(3)] }), box).task).toBeNull()
  })

  it('stays until done has arrived, and is left at once', () => {
    const h = heard({ assignment: assignment('on_scene') })
    const done = item('assignment.done', 'assignment:7')
    expect(view(h, [done]).task).toMatchObject({ state: 'done', pending: done })
    expect(view(h, [{ ...done, state: 'sent', overAt: start + 1 }]).task).toBeNull()
    expect(view(h, [item('assignment.release', 'assignment:7')]).task).toBeNull()
  })

  it.each([
    ['accepted', 'en_route'],
    ['en_route', 'on_scene'],
    ['on_scene', 'done'],
    ['done', undefined],
  ] as const)('after %s comes %s', (state, want) => {
    expect(nextStep(state)).toBe(want)
  })
})

describe('sharing the position', () => {
  it.each([
    ['off duty', {}, false],
    ['on duty', { duty: duty() }, true],
    ['on a task after duty', { assignment: assignment('en_route') }, true],
    ['on call', { on_call: [duty({ kind: 'on_call' })] }, false],
    ['offered', { offers: [offer(1)] }, false],
  ])('%s: %s', (_, mine, want) => {
    expect(mayShare(view(heard(mine)))).toBe(want)
  })

  it('stops with the tap that ends the duty, sent or not', () => {
    expect(mayShare(view(heard({ duty: duty() }), [item('duty.end', 'duty')]))).toBe(false)
    const withdrawn = { holds: false, asks: true, version: 1 }
    expect(mayShare(view(heard({ duty: duty(), position_consent: withdrawn })))).toBe(false)
    expect(mayShare(view(heard({ assignment: assignment('en_route'), position_consent: withdrawn })))).toBe(false)
  })
})

describe('near by', () => {
  it('shows that one said so before the server has heard, and the server alone after', () => {
    const near = (box: Box, mine: Partial<Mine> = {}) => phoneView(heard({ nearby: [incident], ...mine }), box, start, null).nearby
    const said = item('volunteer.open', 'volunteer:5')
    expect(near([])).toMatchObject([{ volunteered: false, pending: undefined }])
    expect(near([said])).toMatchObject([{ volunteered: true, pending: said }])
    expect(near([item('volunteer.withdraw', 'volunteer:5')], { volunteered: [5] })).toMatchObject([{ volunteered: false }])
    expect(near([{ ...said, state: 'refused', overAt: start + 1 }])).toMatchObject([{ volunteered: false }])
    expect(near([], { volunteered: [5] })).toMatchObject([{ volunteered: true }])
    expect(near([], { volunteered: [5], offers: [offer(3, { incident_id: 5 })] })).toEqual([])
  })
})
