// Plans as they are edited: what a form begins with, what is sent, and what is
// kept of it where somebody else has saved a version meanwhile.
import type { Plan, PlanBody } from '../api/types'

/** What a version says, without which one it is. */
export function bodyOf(plan: Plan): PlanBody {
  const body = structuredClone({ ...plan }) as Partial<Plan & { created_at: string; by: string; note: string; changes: unknown }>
  for (const own of ['id', 'version', 'created_at', 'by', 'note', 'changes'] as const) delete body[own]
  return body as PlanBody
}

/** The first plan of a type that has none. */
export function firstPlan(): PlanBody {
  return {
    priority: 'normal',
    skills: [],
    quota: 1,
    hazard: false,
    hazard_affiliations: ['unit_staff', 'property_staff'],
    hazard_training: [],
    offer_seconds: 120,
    verify_seconds: 900,
    dispatch_seconds: 1800,
    arrive_seconds: 3600,
    resolve_seconds: 86_400,
    check_seconds: 172_800,
    send_first: false,
    over_offer: 1,
    waves: [],
    ladder: [],
    pair: false,
    welfare_seconds: 0,
    checklist: [],
    units: [],
    tell: [],
    working_hours: false,
    reach: [],
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What was edited, put on the newest version: what was left alone is the newest's. */
export function onto(seen: PlanBody, mine: PlanBody, newest: PlanBody): PlanBody {
  const next: Record<string, unknown> = { ...newest }
  const [was, is] = [seen as unknown as Record<string, unknown>, mine as unknown as Record<string, unknown>]
  for (const field of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (same(was[field], is[field])) continue
    if (is[field] === undefined) delete next[field]
    else next[field] = is[field]
  }
  return next as unknown as PlanBody
}

export const timeUnits = { second: 1, minute: 60, hour: 3600 } as const
export type TimeUnit = keyof typeof timeUnits

/** A time in the largest unit that says it without a fraction. */
export function inUnits(seconds: number): { n: number; unit: TimeUnit } {
  if (seconds !== 0 && seconds % 3600 === 0) return { n: seconds / 3600, unit: 'hour' }
  if (seconds % 60 === 0) return { n: seconds / 60, unit: 'minute' }
  return { n: seconds, unit: 'second' }
}

/** 8:30 of minutes from midnight. */
export function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** Minutes from midnight of what a time input says; 00:00 as an end is midnight. */
export function minutesOf(text: string, end = false): number {
  const [h = 0, m = 0] = text.split(':').map(Number)
  const minutes = h * 60 + m
  return end && minutes === 0 ? 1440 : minutes
}
