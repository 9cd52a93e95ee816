import { describe, expect, it } from 'vitest'
import type { RosterDuty, Team } from '../api/roster'
import { buildWeek, daysOf, isNight, named, overlapping, pattern, shiftOn, swapChoices, swapProblem } from './roster_week'

const monday = '2026-12-28'
let ids = 0
/** A duty by Beijing's clock. */
const duty = (who: number, from: string, to: string | undefined, more: Partial<RosterDuty> = {}): RosterDuty => ({
  id: ++ids,
  responder_id: who,
  responder_name: `人${who}`,
  area_id: 11,
  area_name: '东社区',
  kind: 'on_duty',
  origin: 'roster',
  starts_at: `${from}:00+08:00`,
  ends_at: to && `${to}:00+08:00`,
  version: 1,
  ...more,
})
const team = (id: number, members: number[]): Team => ({
  id,
  area_id: 5,
  area_name: '街道',
  name: `第${id}组`,
  version: 1,
  members: members.map((m) => ({ id: m, name: `人${m}` })),
})
const everywhere = { inside: () => true, teamId: 0 }

describe('a duty stands', () => {
  it.each([
    ['by day on its day', '2026-12-29T08:00', '2026-12-29T20:00', [1]],
    ['by night on the evening it begins', '2026-12-31T20:00', '2027-01-01T08:00', [3]],
    ['at the very first moment of a year', '2027-01-01T00:00', '2027-01-01T08:00', [4]],
    ['on the first day where it began the night before', '2026-12-27T20:00', '2026-12-28T08:00', [0]],
    ['nowhere where it ends as the week begins', '2026-12-27T12:00', '2026-12-28T00:00', []],
    ['nowhere where it begins as the week ends', '2027-01-04T00:00', '2027-01-04T08:00', []],
    ['for a whole day on one', '2026-12-29T08:00', '2026-12-30T08:00', [1]],
    ['for longer on each it touches', '2026-12-30T08:00', '2027-01-01T08:00', [2, 3, 4]],
    ['without an end until the week is over', '2027-01-02T08:00', undefined, [5, 6]],
  ])('%s', (_, from, to, want) => {
    expect(daysOf(duty(1, from, to), monday)).toEqual(want)
  })
})

describe('a night', () => {
  it.each([
    ['2026-12-31T20:00', '2027-01-01T08:00', true],
    ['2026-12-31T00:00', '2026-12-31T08:00', true],
    ['2026-12-31T18:00', '2026-12-31T22:00', false],
    ['2026-12-31T18:00', '2027-01-01T00:00', false],
    ['2026-12-31T08:00', '2026-12-31T20:00', false],
  ])('%s to %s: %s', (from, to, want) => {
    expect(isNight(Date.parse(`${from}:00+08:00`), Date.parse(`${to}:00+08:00`))).toBe(want)
  })
})

describe('the week', () => {
  it('has a row for each member, on duty or not, and the teams in order', () => {
    const groups = buildWeek(
      [duty(1, '2026-12-28T08:00', '2026-12-28T20:00', { team_id: 2 })],
      [team(3, [9]), team(2, [1, 4])],
      monday,
      everywhere,
    )
    expect(groups.map((g) => [g.id, g.rows.map((r) => r.id)])).toEqual([
      [2, [1, 4]],
      [3, [9]],
    ])
    expect(groups[0]?.rows[0]?.cells.map((c) => c.length)).toEqual([1, 0, 0, 0, 0, 0, 0])
  })

  it('shows who stands in with the team they help, and marks them', () => {
    const groups = buildWeek(
      [duty(9, '2026-12-28T08:00', '2026-12-28T20:00', { team_id: 2, stands_for: 1, step: 'hand_over' })],
      [team(2, [1]), team(3, [9])],
      monday,
      everywhere,
    )
    const guest = groups[0]?.rows.find((r) => r.id === 9)
    expect(guest?.guest).toBe(true)
    expect(guest?.cells[0]?.[0]?.mark).toBe('stand_in')
  })

  it('tells a swap from standing in', () => {
    const groups = buildWeek(
      [
        duty(1, '2026-12-28T08:00', '2026-12-28T20:00', { team_id: 2, stands_for: 4, step: 'swap' }),
        duty(4, '2026-12-30T08:00', '2026-12-30T20:00', { team_id: 2, stands_for: 1, step: 'swap' }),
      ],
      [team(2, [1, 4])],
      monday,
      everywhere,
    )
    expect(groups[0]?.rows.map((r) => r.cells.flat()[0]?.mark)).toEqual(['swap', 'swap'])
  })

  it('puts a duty of no rotation with the person’s team, and people of none last', () => {
    const groups = buildWeek(
      [duty(1, '2026-12-28T08:00', '2026-12-28T20:00'), duty(7, '2026-12-28T08:00', '2026-12-28T20:00')],
      [team(2, [1])],
      monday,
      everywhere,
    )
    expect(groups.map((g) => [g.id, g.rows.map((r) => r.id)])).toEqual([
      [2, [1]],
      [0, [7]],
    ])
    expect(groups[1]?.rows[0]?.guest).toBe(false)
  })

  it('counts who begins on a day, not who goes on', () => {
    const groups = buildWeek(
      [
        duty(1, '2026-12-27T20:00', '2026-12-28T08:00', { team_id: 2, shift_name: '夜班' }),
        duty(4, '2026-12-28T20:00', '2026-12-29T08:00', { team_id: 2, shift_name: '夜班' }),
      ],
      [team(2, [1, 4])],
      monday,
      everywhere,
    )
    expect(groups[0]?.rows[0]?.cells[0]?.[0]?.continued).toBe(true)
    expect(groups[0]?.days[0]).toEqual([{ label: '夜班', kind: 'on_duty', night: true, people: 1 }])
  })

  it('has the duties of a day by their beginning, however they came', () => {
    const late = duty(1, '2026-12-28T20:00', '2026-12-28T23:00')
    const early = duty(1, '2026-12-28T08:00', '2026-12-28T12:00')
    const groups = buildWeek([late, early], [team(2, [1])], monday, everywhere)
    expect(groups[0]?.rows[0]?.cells[0]?.map((c) => c.duty.id)).toEqual([early.id, late.id])
  })

  it('of one team leaves out the others', () => {
    const groups = buildWeek([duty(9, '2026-12-28T08:00', '2026-12-28T20:00', { team_id: 3 })], [team(2, [1]), team(3, [9])], monday, {
      ...everywhere,
      teamId: 2,
    })
    expect(groups.map((g) => g.id)).toEqual([2])
  })

  it('is narrowed to names', () => {
    const groups = buildWeek([], [team(2, [1, 4])], monday, everywhere)
    expect(named(groups, ' 人4 ')[0]?.rows.map((r) => r.id)).toEqual([4])
    expect(named(groups, '无')).toEqual([])
  })
})

describe('a swap', () => {
  const now = Date.parse('2026-12-27T00:00:00Z')
  const one = duty(1, '2026-12-28T08:00', '2026-12-28T20:00')
  const other = duty(4, '2026-12-30T08:00', '2026-12-30T20:00')

  it('is free where neither works then', () => {
    expect(swapProblem(one, other, [one, other], now)).toBeUndefined()
  })
  it('is not where either has another duty of the kind then', () => {
    const mine = duty(1, '2026-12-30T12:00', '2026-12-30T18:00')
    const theirs = duty(4, '2026-12-28T19:00', '2026-12-28T21:00')
    expect(swapProblem(one, other, [one, other, mine], now)?.id).toBe(mine.id)
    expect(swapProblem(one, other, [one, other, theirs], now)?.id).toBe(theirs.id)
    expect(swapProblem(one, other, [one, other, { ...mine, kind: 'on_call' }], now)).toBeUndefined()
  })
  it('is offered with duties of others that are not over, the free first', () => {
    const busy = duty(6, '2026-12-28T09:00', '2026-12-28T20:00')
    const same = duty(8, '2026-12-28T08:00', '2026-12-28T20:00')
    const over = duty(7, '2026-12-26T08:00', '2026-12-26T20:00')
    const choices = swapChoices(one, [one, busy, other, over, same, duty(6, '2026-12-31T08:00', '2026-12-31T20:00')], now)
    expect(choices.map((c) => [c.duty.responder_id, c.problem !== undefined])).toEqual([
      [6, false],
      [4, false],
      [6, true],
    ])
  })
  it('knows what touches and what overlaps', () => {
    const from = Date.parse('2026-12-28T20:00:00+08:00')
    expect(overlapping([one], 1, 'on_duty', from, from + 1)).toEqual([])
    expect(overlapping([one], 1, 'on_duty', from - 1, from)).toEqual([one])
  })
})

describe('a rotation', () => {
  it('goes round by the calendar, over the end of a year', () => {
    expect(pattern({ shifts: [1, 2, 0], starts_on: '2026-12-29', days: 'every' }, new Map(), '2026-12-28', 6)).toEqual([-1, 1, 2, 0, 1, 2])
  })
  it('knows holidays and weekend days that are worked', () => {
    const holidays = new Map([
      ['2027-01-01', false],
      ['2027-01-03', true],
    ])
    expect(pattern({ shifts: [1], starts_on: '2026-12-28', days: 'free' }, holidays, '2026-12-31', 4)).toEqual([-1, 1, 1, -1])
    expect(pattern({ shifts: [1], starts_on: '2026-12-28', days: 'working' }, holidays, '2026-12-31', 4)).toEqual([1, -1, -1, 1])
  })
  it('ends after its last day', () => {
    expect(pattern({ shifts: [1], starts_on: '2026-12-28', ends_on: '2026-12-29', days: 'every' }, new Map(), '2026-12-28', 3)).toEqual([
      1, 1, -1,
    ])
  })
  it('works a shift from its time on', () => {
    const shift = { id: 1, area_id: 1, area_name: '', name: '夜班', kind: 'on_duty', starts_at: '20:00', minutes: 720, version: 1 } as const
    expect(shiftOn(shift, '2026-12-31')).toEqual({ from: Date.parse('2026-12-31T12:00:00Z'), to: Date.parse('2027-01-01T00:00:00Z') })
  })
})
