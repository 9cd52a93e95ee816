// Figures of handling (处置时效): which period is asked for, its address, and the
// answers checked where they come in. Pure.
import * as v from 'valibot'

export const periods = ['today', 'week', 'month', 'own'] as const
export type Period = (typeof periods)[number]

/** What is asked for; days are of the screen's place, both within the period. */
export interface FigureAsk {
  period: Period
  first: string
  last: string
  area: number
  type: string
  by: 'area' | 'type'
}

export const noAsk: FigureAsk = { period: 'week', first: '', last: '', area: 0, type: '', by: 'area' }

/** The longest own period, in days. */
export const longestDays = 400

export function askOf(params: URLSearchParams): FigureAsk {
  const day = (name: string) => (/^\d{4}-\d\d-\d\d$/.test(params.get(name) ?? '') ? (params.get(name) ?? '') : '')
  return {
    period: periods.find((p) => p === params.get('period')) ?? noAsk.period,
    first: day('first'),
    last: day('last'),
    area: Number(params.get('area')) || 0,
    type: params.get('type') ?? '',
    by: params.get('by') === 'type' ? 'type' : 'area',
  }
}

export function addressOf(ask: FigureAsk): URLSearchParams {
  const out = new URLSearchParams({ period: ask.period, by: ask.by })
  if (ask.period === 'own' && ask.first) out.set('first', ask.first)
  if (ask.period === 'own' && ask.last) out.set('last', ask.last)
  if (ask.area) out.set('area', String(ask.area))
  if (ask.type) out.set('type', ask.type)
  return out
}

const midnight = (day: string): Date => new Date(`${day}T00:00:00`)
function after(date: Date, days: number): Date {
  const next = new Date(date)
  next.setDate(next.getDate() + days)
  return next
}

/** The period's bounds [from, to): whole days, the present one among them. Null where an own one is not said yet, or too long. */
export function boundsOf(ask: FigureAsk, now: number): { from: Date; to: Date } | null {
  const today = new Date(now)
  today.setHours(0, 0, 0, 0)
  if (ask.period !== 'own') {
    const days = { today: 1, week: 7, month: 30 }[ask.period]
    return { from: after(today, 1 - days), to: after(today, 1) }
  }
  if (!ask.first || !ask.last) return null
  const from = midnight(ask.first)
  const to = after(midnight(ask.last), 1)
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()) || from >= to) return null
  return Math.round((to.getTime() - from.getTime()) / 86_400_000) > longestDays ? null : { from, to }
}

/** The query of the API, "" where nothing can be asked. */
export function queryOf(ask: FigureAsk, now: number): string {
  const bounds = boundsOf(ask, now)
  if (!bounds) return ''
  const out = new URLSearchParams({ from: bounds.from.toISOString(), to: bounds.to.toISOString(), by: ask.by })
  if (ask.area) out.set('area_id', String(ask.area))
  if (ask.type) out.set('type_code', ask.type)
  return out.toString()
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const rate = v.object({ numerator: count, denominator: count })
const step = v.object({
  name: v.string(),
  count,
  median_seconds: v.optional(v.number()),
  p90_seconds: v.optional(v.number()),
  in_time: rate,
})
const said = v.object({ satisfied: count, mostly: count, dissatisfied: count })
const figure = v.object({
  count,
  rejected: count,
  cancelled: count,
  merged: count,
  in_time: rate,
  answers: said,
  satisfied: rate,
  steps: v.array(step),
})
const group = { area_id: v.optional(v.number()), type_code: v.optional(v.string()), name_zh: v.string(), name_en: v.string() }
const figures = v.object({ as_of: v.string(), total: figure, groups: v.array(v.object({ ...group, ...figure.entries })) })

const chosen = v.object({ offers: count, first: count, outside: count, accepted: count, arrived: count })
const choice = v.object({ hand_picked: chosen, ranked: chosen, more_travel_seconds: v.optional(v.number()) })
const choices = v.object({
  total: choice,
  groups: v.array(v.object({ ...group, ...choice.entries })),
  reasons: v.array(v.object({ reason: v.string(), count })),
})

export type FigureRate = v.InferOutput<typeof rate>
export type Figure = v.InferOutput<typeof figure>
export type Figures = v.InferOutput<typeof figures>
export type FigureGroup = Figures['groups'][number]
export type Choices = v.InferOutput<typeof choices>
export type Choice = v.InferOutput<typeof choice>

/** Throws where the answer is none. */
export const readFigures = (answer: unknown): Figures => v.parse(figures, answer)
export const readChoices = (answer: unknown): Choices => v.parse(choices, answer)

/** Whether a plan gives a step a time; those that span several have none. */
export const isBounded = (name: string): boolean => name !== 'response' && name !== 'whole'

/** The share in percent, null of nothing. A late one never rounds to all in time. */
export function percent(r: FigureRate): number | null {
  if (r.denominator === 0) return null
  const share = (100 * r.numerator) / r.denominator
  return r.numerator < r.denominator ? Math.min(99, Math.round(share)) : 100
}

/** A time to the second below an hour, to the minute below two days: 0:45, 12:05, 3 h 20, 2 d 4. */
export function lengthOf(seconds: number): { unit: 'clock' | 'hours' | 'days'; values: Record<string, string | number> } {
  const s = Math.round(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  if (s < 3600) return { unit: 'clock', values: { m: Math.floor(s / 60), s: two(s % 60) } }
  const minutes = Math.round(s / 60)
  if (minutes < 48 * 60) return { unit: 'hours', values: { h: Math.floor(minutes / 60), m: two(minutes % 60) } }
  const hours = Math.round(s / 3600)
  return { unit: 'days', values: { d: Math.floor(hours / 24), h: hours % 24 } }
}

/** The longest 90th percentile of a step among groups: what its bars are drawn against. */
export function longest(groups: readonly Figure[], at: number): number {
  return Math.max(1, ...groups.map((g) => g.steps[at]?.p90_seconds ?? 0))
}
