// What the cells of the map may be coloured by.
import type { CareCounts, Session } from '../api/types'
import { hasRole } from './roles'

export const measures = ['none', 'incidents', 'responders', 'cameras', 'care'] as const
export type Measure = (typeof measures)[number]

/** The measures that somebody's roles allow: who needs care where is for those who plan for them. */
export function measuresFor(roles: Session['roles']): Measure[] {
  return measures.filter((m) => m !== 'care' || hasRole({ roles }, 'commander', 'dispatcher', 'community'))
}

/** The cells of which a number is told; one with fewer than k looks like one with nobody. */
export function careCells(counts: CareCounts): { resolution: number; cells: Record<string, number> } {
  const told = counts.cells.filter((c) => c.at_least > 0)
  return { resolution: counts.resolution, cells: Object.fromEntries(told.map((c) => [c.cell, c.at_least])) }
}
