// Call-ups as they are shown: a person's own with the taps that wait on top, and
// the roll of one in the console. Pure.
import type { CallUp, CallUpRoll, MyCallUp } from '../api/types'
import { type Box, type Item, isOver } from './outbox'

export type MemberStep = 'seen' | 'come' | 'decline' | 'arrive' | 'leave'
export type MemberState = MyCallUp['state']

/** One's own call-up, as far as it is known here. */
export interface CallUpView extends MyCallUp {
  /** The newest tap on it that waits. */
  pending: Item | undefined
}

const after: Record<MemberStep, { from: readonly MemberState[]; to: MemberState }> = {
  seen: { from: ['asked'], to: 'seen' },
  come: { from: ['asked', 'seen'], to: 'coming' },
  decline: { from: ['asked', 'seen', 'coming'], to: 'declined' },
  arrive: { from: ['asked', 'seen', 'coming', 'declined'], to: 'arrived' },
  leave: { from: ['arrived'], to: 'left' },
}

const isStep = (name: string): name is MemberStep => name in after

/** Puts the taps over what the server said. `taps` are those it does not know of. */
export function callUpsView(list: readonly MyCallUp[], taps: Box): CallUpView[] {
  return list
    .map((c) => {
      let view: CallUpView = { ...c, pending: undefined }
      for (const tap of taps) {
        const step = tap.kind.startsWith('call_up.') ? tap.kind.slice('call_up.'.length) : ''
        if (tap.subject !== `call_up:${c.id}` || !isStep(step) || !after[step].from.includes(view.state)) continue
        view = { ...view, state: after[step].to, pending: isOver(tap) || step === 'seen' ? view.pending : tap }
      }
      return view
    })
    .sort((a, b) => Date.parse(a.gather_at) - Date.parse(b.gather_at) || a.id - b.id)
}

/** Whether it covers the phone until it is answered. */
export const asksNow = (c: CallUpView): boolean => !c.over && (c.state === 'asked' || c.state === 'seen')

/** What can be tapped. */
export function stepsOf(c: CallUpView): MemberStep[] {
  if (c.over) return []
  switch (c.state) {
    case 'asked':
    case 'seen':
      return ['come', 'decline', 'arrive']
    case 'coming':
      return ['arrive', 'decline']
    case 'declined':
      return ['arrive']
    case 'arrived':
      return ['leave']
    default:
      return []
  }
}

/** What a dispatcher may record for somebody. */
export function recordable(state: MemberState): MemberStep[] {
  if (state === 'substitute') return ['arrive']
  return stepsOf({ state, over: false } as CallUpView)
}

/** What is counted; came is whoever has arrived, wherever they stand now. */
export const counted = ['asked', 'seen', 'coming', 'declined', 'came', 'arrived', 'left', 'stood_down', 'substitute'] as const

export type Tally = Readonly<Record<string, number>>

/** Everybody: each stands in one state, came is none. */
export const allOf = (tally: Tally): number => Object.entries(tally).reduce((sum, [state, n]) => sum + (state === 'came' ? 0 : n), 0)

/** How many were asked at all: everybody but the substitutes. */
export const askedOf = (tally: Tally): number => allOf(tally) - (tally.substitute ?? 0)

/** How far the asking has come: of those who are asked, substitutes aside. */
export const progressOf = (c: Pick<CallUp, 'asked_to' | 'places'>): { n: number; total: number } => ({
  n: Math.min(c.asked_to, c.places),
  total: c.places,
})

export interface RollRow {
  key: string
  name: string
  tally: Tally
}

/** The roll by community, affiliation or group, the largest first; groups keep their order. */
export function rollRows(roll: CallUpRoll, by: 'areas' | 'affiliations', name: (key: string) => string): RollRow[] {
  return Object.entries(roll[by])
    .map(([key, tally]) => ({ key, name: name(key), tally: tally as Tally }))
    .sort((a, b) => askedOf(b.tally) - askedOf(a.tally) || a.name.localeCompare(b.name))
}
