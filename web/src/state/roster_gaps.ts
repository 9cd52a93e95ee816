// The stretches in which too few are on duty, by area, laid out on a strip of days.
import type { RosterGap } from '../api/roster'
import { dayMs, dayOf, msOf, startOf } from './roster_day'

export interface Stretch {
  gap: RosterGap
  /** Where it lies on the strip, in per cent. */
  left: number
  width: number
}

export interface AreaGaps {
  id: number
  name: string
  hours: number
  stretches: Stretch[]
}

/** The strip that gaps are drawn on: whole days by Beijing's time. */
export function strip(from: string, to: string): { from: number; to: number; days: number } {
  const first = startOf(dayOf(msOf(from)))
  const days = Math.ceil((msOf(to) - first) / dayMs)
  return { from: first, to: first + days * dayMs, days }
}

/** Gaps by area, those with the most hours first. */
export function groupGaps(gaps: readonly RosterGap[], from: string, to: string): AreaGaps[] {
  const whole = strip(from, to)
  const groups = new Map<number, AreaGaps>()
  for (const gap of gaps) {
    const group = groups.get(gap.area_id) ?? { id: gap.area_id, name: gap.area_name, hours: 0, stretches: [] }
    const begin = Math.max(msOf(gap.starts_at), whole.from)
    const end = Math.min(msOf(gap.ends_at), whole.to)
    group.hours += gap.hours
    group.stretches.push({
      gap,
      left: (100 * (begin - whole.from)) / (whole.to - whole.from),
      width: (100 * (end - begin)) / (whole.to - whole.from),
    })
    groups.set(gap.area_id, group)
  }
  return [...groups.values()].sort((a, b) => b.hours - a.hours || a.id - b.id)
}
