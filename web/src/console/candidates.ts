// Who could be sent, in words and numbers. Pure: words come from the messages.
import type { Candidate, Recommendation } from '../api/types'

export type Shortfall = NonNullable<Recommendation['shortfall']>
export type Strength = Recommendation['strengths'][number]
type Code = Candidate['reasons'][number]['code']

/** One reason, and what it adds to the travel time in seconds (less than none: takes off). */
export interface Fact {
  code: Code
  number: number
  seconds: number
}

/** What a place in the ranking comes from besides the way itself, in the order in which it is read. */
const order: readonly Code[] = [
  'volunteered',
  'skills',
  'own_community',
  'position_old',
  'position_lost',
  'no_position',
  'rested',
  'tasks_lately',
]

/** The reasons besides the way, which a row's first line tells. */
export function factsOf(c: Candidate): Fact[] {
  return c.reasons
    .filter((r) => r.code !== 'travel')
    .map(({ code, number, seconds }) => ({ code, number, seconds }))
    .sort((a, b) => order.indexOf(a.code) - order.indexOf(b.code))
}

/** Whether the place is known by a fresh position, and no reason says how old it is. */
export const freshPosition = (c: Candidate): number | undefined => (c.confidence === 'high' ? c.position_age_seconds : undefined)

/** +60 or −30; nothing where it counts for nothing. */
export function signed(seconds: number): string {
  return seconds === 0 ? '' : seconds > 0 ? `+${seconds}` : `−${-seconds}`
}

/** A community that is under its minimum when the chosen go. */
export interface Thinned {
  area: string
  onDuty: number
  after: number
  minimum: number
}

/** The communities that fall under their minimum on duty when those chosen go, or those recommended where nobody is chosen. */
export function thinned(ranked: Recommendation, picked: ReadonlySet<number>): Thinned[] {
  const go = ranked.candidates.filter((c) => (picked.size ? picked.has(c.responder.id) : c.recommended) && c.responder.duty === 'on_duty')
  return ranked.strengths
    .map((s) => {
      const leave = go.filter((c) => c.responder.area_id === s.area_id).length
      return { area: s.area_name, onDuty: s.on_duty, after: s.on_duty - leave, minimum: s.minimum, leave }
    })
    .filter((s) => s.leave > 0 && s.after < s.minimum)
    .map(({ area, onDuty, after, minimum }) => ({ area, onDuty, after, minimum }))
}

/** What is to be said of a shortfall besides its first reason: only what there is something to say of. */
export function shortDetails(s: Shortfall): { key: 'skills' | 'barred' | 'asked' | 'unsure' | 'nearest' | 'dispatchable'; n: number }[] {
  return (
    [
      { key: 'skills', n: s.skills.length },
      { key: 'barred', n: s.barred },
      { key: 'asked', n: s.asked },
      { key: 'unsure', n: s.unsure },
      { key: 'nearest', n: s.nearest_meters ?? 0 },
      { key: 'dispatchable', n: s.dispatchable },
    ] as const
  ).filter((d) => d.n > 0)
}

/** Who is picked and still among the candidates: who was sent by a colleague meanwhile is not. */
export function stillThere(ranked: Recommendation, picked: ReadonlySet<number>): Set<number> {
  return new Set(ranked.candidates.map((c) => c.responder.id).filter((id) => picked.has(id)))
}

/** Whether somebody picked is not among the recommended: it is said why. */
export function byHand(ranked: Recommendation, picked: ReadonlySet<number>): boolean {
  return [...picked].some((id) => !ranked.candidates.find((c) => c.responder.id === id)?.recommended)
}
