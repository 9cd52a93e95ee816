// What a phone shows: the server's word, and on top of it the taps that the
// server has not answered yet. Pure.
import type { Config, Incident, Mine, MyAssignment, MyOffer, Plan } from '../api/types'
import { type CallUpView, callUpsView } from './call_up'
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
  /** What they are asked to do there: the perimeter is outside the danger. */
  kind: MyOffer['task']
  state: 'accepted' | Step
  acceptedAt: string
  offerId: number
  /** undefined while the acceptance itself waits. */
  assignmentId: number | undefined
  /** Since when they are asked whether they are all right; undefined where they are not, or have answered. */
  welfareAsked: string | undefined
  /** Whether they would go in alone where two are demanded. */
  alone: boolean
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

/** An incident near by that lacks people. */
export interface NearView {
  incident: Incident
  /** Whether one said that one can go. */
  volunteered: boolean
  /** The newest tap on it that waits. */
  pending: Item | undefined
}

export interface PhoneView {
  duty: DutyView
  /** To be answered now, the one that ends first in front. */
  offers: MyOffer[]
  /** Answered with later, or standing by. */
  put: MyOffer[]
  /** Withdrawn because there were enough: they are thanked, and may stand by. */
  thanked: Mine['thanked']
  task: TaskView | null
  nearby: NearView[]
  /** What one is called up to, the one that gathers first in front. */
  callUps: CallUpView[]
  /** Whether one is on call now. */
  onCall: boolean
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
    thanked: (heard.mine.thanked ?? []).filter((o) => !answered.has(`offer:${o.offer_id}`)),
    task: taskView(heard.mine, taps, config),
    nearby: nearView(heard.mine, taps),
    onCall: heard.mine.on_call.some((d) => Date.parse(d.starts_at) <= now && (!d.ends_at || Date.parse(d.ends_at) > now)),
    callUps: callUpsView(heard.mine.call_ups ?? [], taps),
    consents: heard.mine.position_consent?.holds ?? false,
  }
}

/** Who was asked answers the offer, and the list leaves it out. */
function nearView(mine: Mine, taps: Box): NearView[] {
  const asked = new Set(mine.offers.map((o) => o.incident_id))
  return mine.nearby
    .filter((i) => !asked.has(i.id))
    .map((incident) => {
      const last = taps.findLast((i) => i.subject === `volunteer:${incident.id}` && i.state !== 'refused')
      const volunteered = last ? last.kind === 'volunteer.open' : (mine.volunteered ?? []).includes(incident.id)
      return { incident, volunteered, pending: last && !isOver(last) ? last : undefined }
    })
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
    if (belongs && step === 'welfare') task = { ...task, welfareAsked: undefined, pending: isOver(tap) ? task.pending : tap }
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
    kind: a.task,
    state,
    acceptedAt: a.accepted_at,
    offerId: a.offer_id,
    assignmentId: a.id,
    welfareAsked: a.welfare_asked,
    alone: goesAlone(a.plan, a.task, a.incident.active),
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
    plan: planOf(offer, config),
    dispatcherPhone: '',
    kind: offer.task,
    state: 'accepted',
    acceptedAt: new Date(accept.at).toISOString(),
    offerId: offer.id,
    assignmentId: accept.result,
    welfareAsked: undefined,
    alone: goesAlone(planOf(offer, config), offer.task, offer.incident.active + 1),
    acceptKey: accept.key,
    pending: isOver(accept) ? undefined : accept,
  }
}

const planOf = (offer: MyOffer, config: Config | null): Plan | undefined =>
  config?.incident_types.find((t) => t.code === offer.incident.type_code)?.plan

/** Where the plan demands two the first waits for the second before they go in. */
const goesAlone = (plan: Plan | undefined, task: MyOffer['task'], active: number): boolean =>
  (plan?.pair ?? false) && task === 'direct' && active < 2

/** The step after a state; undefined when it is over. */
export function nextStep(state: TaskView['state']): Step | undefined {
  return steps[steps.indexOf(state) + 1] as Step | undefined
}

/** Whether the position may be kept and sent: agreed to, on duty or on a task, and never else. */
export function mayShare(view: PhoneView): boolean {
  return view.consents && (view.duty.on || view.task !== null)
}
