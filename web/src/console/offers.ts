// How the offers of an incident are shown: by wave, the newest first, and those
// who stand by apart. Pure.
import type { Offer } from '../api/types'

/** Offers that belong together: of one wave, or (wave 0) of those who stand by. */
export interface Group {
  wave: number
  offers: Offer[]
}

/** Who stands by comes first, who has waited longest in front, as they are called when somebody leaves. */
export function groupsOf(offers: Offer[]): Group[] {
  const waves = new Map<number, Offer[]>()
  for (const o of offers) {
    const wave = o.state === 'standby' ? 0 : o.wave
    waves.set(wave, [...(waves.get(wave) ?? []), o])
  }
  waves.get(0)?.sort((a, b) => (a.answered_at ?? '').localeCompare(b.answered_at ?? '') || a.id - b.id)
  return [...waves].sort(([a], [b]) => (a === 0 ? -1 : b === 0 ? 1 : b - a)).map(([wave, list]) => ({ wave, offers: list }))
}

/** What is said of where an offer stands: its clock, when it is asked again, or why it ended. */
export type Standing =
  | { key: 'answerIn'; until: string }
  | { key: 'later' | 'since'; time: string }
  | { key: 'silent' }
  | { key: 'ended'; why: NonNullable<Offer['ended_for']> }
  | { key: 'said'; words: string }

export function standingOf(o: Offer): Standing | undefined {
  if (o.state === 'offered' || o.state === 'seen') return { key: 'answerIn', until: o.expires_at }
  if (o.state === 'later' && o.later_until) return { key: 'later', time: o.later_until }
  if (o.state === 'standby' && o.answered_at) return { key: 'since', time: o.answered_at }
  if (o.state === 'expired') return { key: 'silent' }
  if (o.state === 'withdrawn' && o.ended_for) return { key: 'ended', why: o.ended_for }
  return o.answer_reason ? { key: 'said', words: o.answer_reason } : undefined
}
