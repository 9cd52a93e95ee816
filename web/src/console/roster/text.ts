// Times and names of rosters as people read them.
import type { RosterDuty, Shift } from '../../api/roster'
import { i18n } from '../../i18n'
import { areas } from '../../state/page'
import { clockOf, type Day, dayOf, msOf, nightsBetween, shortDay, weekdayOf } from '../../state/roster_day'

const t = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values)

/** 08:00–20:00, 20:00–次日 08:00, 08:00–11-30 08:00. */
export function hoursOf(from: number, to: number | undefined): string {
  if (to === undefined) return `${clockOf(from)} ${t('roster.open')}`
  const nights = nightsBetween(from, to)
  const end = clockOf(to)
  const until = nights === 0 ? end : nights === 1 ? t('roster.nextDay', { time: end }) : `${shortDay(dayOf(to))} ${end}`
  return t('roster.times', { from: clockOf(from), to: until })
}

/** 11-24 周二 08:00–20:00 */
export function periodOf(from: number, to: number | undefined): string {
  return `${shortDay(dayOf(from))} ${weekdayName(dayOf(from))} ${hoursOf(from, to)}`
}

export const dutyHours = (d: RosterDuty): string => hoursOf(msOf(d.starts_at), d.ends_at ? msOf(d.ends_at) : undefined)
export const dutyPeriod = (d: RosterDuty): string => periodOf(msOf(d.starts_at), d.ends_at ? msOf(d.ends_at) : undefined)

export const weekdayName = (day: Day): string => i18n.global.tm('roster.weekday')[weekdayOf(day)] ?? ''

/** 20:00 of today, 11-25 08:00 of another day. */
export function untilText(time: string | undefined, today: Day): string {
  if (!time) return t('roster.open')
  const ms = msOf(time)
  const day = dayOf(ms)
  return day === today ? clockOf(ms) : `${shortDay(day)} ${clockOf(ms)}`
}

export const dutyLabel = (d: RosterDuty): string => d.shift_name ?? t(`roster.kind.${d.kind}`)

/** 白班 08:00–20:00 */
export function shiftText(s: Shift): string {
  const [h = 0, m = 0] = s.starts_at.split(':').map(Number)
  const end = h * 60 + m + s.minutes
  const clock = `${String(Math.floor(end / 60) % 24).padStart(2, '0')}:${String(end % 60).padStart(2, '0')}`
  return `${s.name} ${t('roster.times', { from: s.starts_at, to: end >= 1440 ? t('roster.nextDay', { time: clock }) : clock })}`
}

/** The street of an area, itself where it is one or none is above it. */
export function streetOf(id: number): number {
  for (let at: number | undefined = id, steps = 0; at !== undefined && steps < 10; steps++) {
    const area = areas.value.get(at)
    if (area?.level === 'street') return area.id
    at = area?.parent_id
  }
  return id
}
