// What a phone shows: the server's word, and on top of it the taps that the
// server has not answered yet. Pure.
import type { Config, Mine, MyAssignment, MyOffer, Plan } from '../api/types'
import { type Box, type Item, isOver } from './outbox'

/** The server's word and when it was asked for, by the device's clock, in ms. */
export interface Heard {
  mine: Mine
  at: number
}

export type Answer = 'seen' | 'accept' | 'decline' | 'later'
export type Step = 'en_route' | 'on_scene' | 'done'
const steps: readonly string[] = ['accepted', 'en_route', 'on_scene', 'done']

/** The task in hand. */
export interface TaskView {
  incident: MyAssignment['incident']
  plan: Plan | undefined
  dispatcherPhone: string
  state: 'accepted' | Step
  acceptedAt: string
  offerId: number
  /** undefined while the acceptance itself waits. */
  assignmentId: number | undefined
  /** The tap that makes the assignment, while it waits. */
  acceptKey: string | undefined
  /** The newest tap on it that waits. */
  pending: Item | undefined
}

export interface DutyView {
  on: boolean
  id: number | undefined
  since: string | undefined
  endsAt: string | undefined
  byRoster: boolean
  pending: Item | undefined
}

export interface PhoneView {
  duty: DutyView
  /** To be answered now, the one that ends first in front. */
  offers: MyOffer[]
  /** Answered with later, or standing by. */
  put: MyOffer[]
  task: TaskView | null
  nearby: Mine['nearby']
  /** Whether the person has agreed to the use of the position. */
  consents: boolean
}

/** Whether a tap adds to what the server said: it is not answered, or was after the server was asked. */
const counts = (item: Item, heardAt: number): boolean => !isOver(item) || (item.state === 'sent' && (item.overAt ?? 0) >= heardAt)

/** Puts the taps over the server's word. `now` is the server's time in ms. */
export function phoneView(heard: Heard, box: Box, now: number, config: Config | null): PhoneView {
  const taps = box.filter((i) => counts(i, heard.at))
  const answered = new Map(taps.filter((i) => i.kind.startsWith('offer.') && i.kind !== 'offer.seen').map((i) => [i.subject, i]))
  const open = heard.mine.offers.filter((o) => !answered.has(`offer:${o.id}`))
  const later = (o: MyOffer) => o.state === 'later' && Date.parse(o.later_until ?? '') > now
  return {
    duty: dutyView(heard.mine, taps, now),
    offers: open
      .filter((o) => (o.state === 'offered' || o.state === 'seen' || (o.state === 'later' && !later(o))) && Date.parse(o.expires_at) > now)
      .sort((a, b) => Date.parse(a.expires_at) - Date.parse(b.expires_at) || a.id - b.id),
    put: open.filter((o) => o.state === 'standby' || later(o)),
    task: taskView(heard.mine, taps, config),
    nearby: heard.mine.nearby,
    consents: heard.mine.position_consent?.holds ?? false,
  }
}

function dutyView(mine: Mine, taps: Box, now: number): DutyView {
  const duty = mine.duty && (!mine.duty.ends_at || Date.parse(mine.duty.ends_at) > now) ? mine.duty : undefined
  let view: DutyView = {
    on: duty !== undefined,
    id: duty?.id,
    since: duty?.starts_at,
    endsAt: duty?.ends_at,
    byRoster: duty?.origin === 'roster',
    pending: undefined,
  }
  for (const tap of taps) {
    const pending = isOver(tap) ? undefined : tap
    if (tap.kind === 'duty.start') {
      const endsAt = typeof tap.body.ends_at === 'string' ? tap.body.ends_at : undefined
      if (!view.on) view = { on: true, id: tap.result, since: new Date(tap.at).toISOString(), endsAt, byRoster: false, pending }
    } else if (tap.kind === 'duty.end') {
      view = { on: false, id: undefined, since: undefined, endsAt: undefined, byRoster: false, pending }
    }
  }
  return view
}

function taskView(mine: Mine, taps: Box, config: Config | null): TaskView | null {
  const base = mine.assignment ? ofAssignment(mine.assignment) : ofAcceptance(mine, taps, config)
  if (!base) return null
  let task = base
  for (const tap of taps) {
    const step = tap.kind.startsWith('assignment.') ? tap.kind.slice('assignment.'.length) : ''
    const belongs = tap.subject === `offer:${task.offerId}` || tap.subject === `assignment:${task.assignmentId}`
    if (belongs && step === 'release') return null
    if (!belongs || steps.indexOf(step) <= steps.indexOf(task.state)) continue
    task = { ...task, state: step as Step, pending: isOver(tap) ? undefined : tap }
  }
  return task.state === 'done' && !task.pending ? null : task
}

function ofAssignment(a: MyAssignment): TaskView {
  const state = a.state === 'en_route' || a.state === 'on_scene' || a.state === 'done' ? a.state : 'accepted'
  return {
    incident: a.incident,
    plan: a.plan,
    dispatcherPhone: a.dispatcher_phone,
    state,
    acceptedAt: a.accepted_at,
    offerId: a.offer_id,
    assignmentId: a.id,
    acceptKey: undefined,
    pending: undefined,
  }
}

/** The task an acceptance will make, shown before the server has answered. */
function ofAcceptance(mine: Mine, taps: Box, config: Config | null): TaskView | null {
  const accept = taps.findLast((i) => i.kind === 'offer.accept')
  const offer = accept && mine.offers.find((o) => accept.subject === `offer:${o.id}`)
  if (!accept || !offer || (accept.state === 'sent' && accept.result === undefined)) return null
  return {
    incident: offer.incident,
    plan: config?.incident_types.find((t) => t.code === offer.incident.type_code)?.plan,
    dispatcherPhone: '',
    state: 'accepted',
    acceptedAt: new Date(accept.at).toISOString(),
    offerId: offer.id,
    assignmentId: accept.result,
    acceptKey: accept.key,
    pending: isOver(accept) ? undefined : accept,
  }
}

/** The step after a state; undefined when it is over. */
export function nextStep(state: TaskView['state']): Step | undefined {
  return steps[steps.indexOf(state) + 1] as Step | undefined
}

/** Whether the position may be kept and sent: agreed to, on duty or on a task, and never else. */
export function mayShare(view: PhoneView): boolean {
  return view.consents && (view.duty.on || view.task !== null)
}
