// The week of a roster: people by team, each with what they work on each of
// seven days. Pure functions from what the server lists.
import type { RosterDuty, Rotation, Shift, Team } from '../api/roster'
import { clockOf, type Day, dayMs, dayOf, daysFrom, msOf, nightsBetween, startOf, weekdayOf } from './roster_day'

export interface Chip {
  duty: RosterDuty
  /** It began on a day before this one. */
  continued: boolean
  night: boolean
  /** Taken over from somebody: for good, or in exchange. */
  mark: '' | 'stand_in' | 'swap'
}

export interface Row {
  id: number
  name: string
  areaName: string
  /** Works this team's shifts without belonging to it. */
  guest: boolean
  cells: Chip[][]
}

export interface Count {
  label: string
  kind: RosterDuty['kind']
  night: boolean
  people: number
}

export interface Group {
  /** The team's id, 0 for who works in none. */
  id: number
  name: string
  areaId: number
  areaName: string
  rows: Row[]
  days: Count[][]
}

export interface Scope {
  /** Whether an area belongs to what is looked at. */
  inside: (areaId: number) => boolean
  teamId: number
}

/** Whether most of a duty lies between 20:00 and 08:00. */
export function isNight(startsAt: number, endsAt: number | undefined): boolean {
  const hours = (endsAt ?? startsAt + dayMs) - startsAt
  const begins = Number(clockOf(startsAt).slice(0, 2))
  return hours < dayMs && (begins >= 18 || begins < 4) && (endsAt === undefined || nightsBetween(startsAt, endsAt - 1) > 0 || begins < 4)
}

/**
 * The days of a week on which a duty stands. One of at most a day stands on the
 * day it begins, and on the week's first where it began the night before; a
 * longer one stands on each day it touches.
 */
export function daysOf(duty: RosterDuty, monday: Day): number[] {
  const from = msOf(duty.starts_at)
  const to = duty.ends_at ? msOf(duty.ends_at) : Number.POSITIVE_INFINITY
  const first = startOf(monday)
  const touched = [0, 1, 2, 3, 4, 5, 6].filter((k) => from < first + (k + 1) * dayMs && to > first + k * dayMs)
  return to - from > dayMs ? touched : touched.slice(0, 1)
}

function chipOf(duty: RosterDuty, day: Day): Chip {
  const from = msOf(duty.starts_at)
  const mark = !duty.stands_for ? '' : duty.step === 'swap' ? 'swap' : 'stand_in'
  return { duty, continued: dayOf(from) < day, night: isNight(from, duty.ends_at ? msOf(duty.ends_at) : undefined), mark }
}

/** The groups of a week: teams of the scope in their order, then who works in none. */
export function buildWeek(duties: readonly RosterDuty[], teams: readonly Team[], monday: Day, scope: Scope): Group[] {
  const days = daysFrom(monday, 7)
  const groups = new Map<number, Group & { byId: Map<number, Row> }>()
  const open = (id: number, name: string, areaId: number, areaName: string) => {
    const group = groups.get(id) ?? { id, name, areaId, areaName, rows: [], days: [], byId: new Map<number, Row>() }
    groups.set(id, group)
    return group
  }
  const teamOf = new Map<number, number>()
  for (const t of teams) {
    if (scope.teamId ? t.id !== scope.teamId : !scope.inside(t.area_id)) continue
    const group = open(t.id, t.name, t.area_id, t.area_name)
    for (const m of t.members) {
      addRow(group, m.id, m.name, '', false)
      if (!teamOf.has(m.id)) teamOf.set(m.id, t.id)
    }
  }
  for (const duty of [...duties].sort((a, b) => msOf(a.starts_at) - msOf(b.starts_at) || a.id - b.id)) {
    const id = duty.team_id ?? teamOf.get(duty.responder_id) ?? 0
    if (scope.teamId && id !== scope.teamId) continue
    const group = groups.get(id) ?? open(id, duty.team_name ?? '', 0, '')
    const row = group.byId.get(duty.responder_id) ?? addRow(group, duty.responder_id, duty.responder_name, duty.area_name, id !== 0)
    row.areaName = duty.area_name
    for (const k of daysOf(duty, monday)) row.cells[k]?.push(chipOf(duty, days[k] ?? monday))
  }
  return [...groups.values()]
    .sort((a, b) => Number(a.id === 0) - Number(b.id === 0) || a.areaId - b.areaId || a.id - b.id)
    .map(({ byId, ...group }) => ({ ...group, days: days.map((_, k) => countsOf(group.rows, k)) }))
}

function addRow(group: { rows: Row[]; byId: Map<number, Row> }, id: number, name: string, areaName: string, guest: boolean): Row {
  const row: Row = { id, name, areaName, guest, cells: Array.from({ length: 7 }, () => []) }
  group.rows.push(row)
  group.byId.set(id, row)
  return row
}

/** How many people of some rows work what on a day; what only goes on from the day before is not counted. */
export function countsOf(rows: readonly Row[], day: number): Count[] {
  const counts = new Map<string, Count>()
  for (const row of rows) {
    for (const chip of row.cells[day] ?? []) {
      if (chip.continued) continue
      const label = chip.duty.shift_name ?? ''
      const key = `${chip.duty.kind} ${label}`
      const count = counts.get(key) ?? { label, kind: chip.duty.kind, night: chip.night, people: 0 }
      counts.set(key, { ...count, people: count.people + 1 })
    }
  }
  return [...counts.values()].sort(
    (a, b) => b.kind.localeCompare(a.kind) || Number(a.night) - Number(b.night) || a.label.localeCompare(b.label),
  )
}

/** The groups with only those rows whose person a text names. */
export function named(groups: readonly Group[], text: string): Group[] {
  const wanted = text.trim()
  if (!wanted) return [...groups]
  return groups.map((g) => ({ ...g, rows: g.rows.filter((r) => r.name.includes(wanted)) })).filter((g) => g.rows.length > 0)
}

/** Duties of one kind of one person that lie in a time, but for some. */
export function overlapping(
  duties: readonly RosterDuty[],
  who: number,
  kind: RosterDuty['kind'],
  from: number,
  to: number,
  but: readonly number[] = [],
): RosterDuty[] {
  return duties.filter(
    (d) =>
      d.responder_id === who &&
      d.kind === kind &&
      !but.includes(d.id) &&
      msOf(d.starts_at) < to &&
      (d.ends_at ? msOf(d.ends_at) : Number.POSITIVE_INFINITY) > from,
  )
}

const endOf = (d: RosterDuty): number => (d.ends_at ? msOf(d.ends_at) : Number.POSITIVE_INFINITY)

export const isOver = (d: RosterDuty, now: number): boolean => endOf(d) <= now

/** What keeps two duties from being exchanged: another duty of either person then. */
export function swapProblem(one: RosterDuty, other: RosterDuty, duties: readonly RosterDuty[], now: number): RosterDuty | undefined {
  const but = [one.id, other.id]
  const left = (d: RosterDuty) => Math.max(msOf(d.starts_at), now)
  return (
    overlapping(duties, other.responder_id, one.kind, left(one), endOf(one), but)[0] ??
    overlapping(duties, one.responder_id, other.kind, left(other), endOf(other), but)[0]
  )
}

const sameTime = (a: RosterDuty, b: RosterDuty): boolean => a.starts_at === b.starts_at && a.ends_at === b.ends_at

/** The duties that one could be exchanged for: of others, of its kind, at another time, not over; those without a problem first. */
export function swapChoices(one: RosterDuty, duties: readonly RosterDuty[], now: number): { duty: RosterDuty; problem?: RosterDuty }[] {
  return duties
    .filter((d) => d.responder_id !== one.responder_id && d.kind === one.kind && !isOver(d, now) && !sameTime(d, one))
    .map((duty) => ({ duty, problem: swapProblem(one, duty, duties, now) }))
    .sort(
      (a, b) =>
        Number(a.problem !== undefined) - Number(b.problem !== undefined) ||
        Number(a.duty.team_id !== one.team_id) - Number(b.duty.team_id !== one.team_id) ||
        msOf(a.duty.starts_at) - msOf(b.duty.starts_at) ||
        a.duty.id - b.duty.id,
    )
}

/** The shift a rotation has on each of some days, 0 for rest, -1 for a day it is not worked. */
export function pattern(
  r: Pick<Rotation, 'shifts' | 'starts_on' | 'days'> & { ends_on?: string },
  holidays: ReadonlyMap<Day, boolean>,
  from: Day,
  count: number,
): number[] {
  return daysFrom(from, count).map((day) => {
    if (day < r.starts_on || (r.ends_on && day > r.ends_on) || r.shifts.length === 0) return -1
    const working = holidays.get(day) ?? isWeekday(day)
    if (r.days !== 'every' && working !== (r.days === 'working')) return -1
    return r.shifts[Math.round((startOf(day) - startOf(r.starts_on)) / dayMs) % r.shifts.length] ?? 0
  })
}

/** Whether a day is worked by the week alone. */
export const isWeekday = (day: Day): boolean => weekdayOf(day) < 5

/** When a shift is worked that begins on a day. */
export function shiftOn(shift: Shift, day: Day): { from: number; to: number } {
  const [hours = 0, minutes = 0] = shift.starts_at.split(':').map(Number)
  const from = startOf(day) + (hours * 60 + minutes) * 60_000
  return { from, to: from + shift.minutes * 60_000 }
}
