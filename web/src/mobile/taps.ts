// What can be tapped, each as the request it makes.
import type { MemberStep } from '../state/call_up'
import type { Answer, NearView, Step } from '../state/task'
import { nextStep } from '../state/task'
import { box, now, takeBack, tap, view } from './phone'

const deviceTime = () => new Date().toISOString()

export async function startDuty(hours: number): Promise<void> {
  const endsAt = new Date(now.value + hours * 3_600_000).toISOString()
  await tap({ kind: 'duty.start', subject: 'duty', path: '/api/v1/duty/start', body: { ends_at: endsAt } })
}

/** Ends the duty; a start that has not left the device is taken back instead. */
export async function endDuty(): Promise<void> {
  const duty = view.value?.duty
  if (!duty) return
  const start = box.value.findLast((i) => i.kind === 'duty.start' && i.state !== 'refused')
  if (duty.id === undefined && start && start.state === 'waiting' && start.tries === 0) return takeBack(start.key)
  const path = `/api/v1/duty/${duty.id ?? '{id}'}/end`
  await tap({ kind: 'duty.end', subject: 'duty', path, body: {}, after: duty.id === undefined ? start?.key : undefined })
}

export async function addOnCall(from: number, to: number): Promise<void> {
  const body = { starts_at: new Date(from).toISOString(), ends_at: new Date(to).toISOString() }
  await tap({ kind: 'duty.on_call', subject: 'on_call', path: '/api/v1/duty/on-call', body })
}

export async function endOnCall(id: number): Promise<void> {
  await tap({ kind: 'duty.end', subject: `on_call:${id}`, path: `/api/v1/duty/${id}/end`, body: {} })
}

export async function answerOffer(id: number, answer: Answer, more: { reason?: string; minutes?: number } = {}): Promise<void> {
  await tap({
    kind: `offer.${answer}`,
    subject: `offer:${id}`,
    path: `/api/v1/offers/${id}/${answer}`,
    body: { at: deviceTime(), ...more },
  })
}

/** Says that one can go to an incident near by, or takes it back: before it was sent, on the device alone. */
export async function volunteer(near: NearView): Promise<void> {
  const path = `/api/v1/incidents/${near.incident.id}/volunteer`
  const subject = `volunteer:${near.incident.id}`
  if (!near.volunteered) return tap({ kind: 'volunteer.open', subject, path, body: {} })
  const said = near.pending
  if (said?.kind === 'volunteer.open' && said.state === 'waiting' && said.tries === 0) return takeBack(said.key)
  await tap({ kind: 'volunteer.withdraw', subject, path: `${path}/withdraw`, body: {} })
}

/** Answers a call-up, or says that one has arrived or left. */
export async function answerCallUp(id: number, step: MemberStep): Promise<void> {
  await tap({
    kind: `call_up.${step}`,
    subject: `call_up:${id}`,
    path: `/api/v1/call-up-members/${id}/${step}`,
    body: { at: deviceTime() },
  })
}

/** The next step of the task in hand. */
export async function takeStep(): Promise<void> {
  const task = view.value?.task
  const step = task && nextStep(task.state)
  if (step) await progress(step, {})
}

/** Leaves the task, with the reason. */
export const leaveTask = (reason: string): Promise<void> => progress('release', { reason })

async function progress(step: Step | 'release', more: Record<string, unknown>): Promise<void> {
  const task = view.value?.task
  if (!task) return
  const id = task.assignmentId
  const path = `/api/v1/assignments/${id ?? '{id}'}/${step.replace('_', '-')}`
  const subject = id === undefined ? `offer:${task.offerId}` : `assignment:${id}`
  const after = id === undefined ? task.acceptKey : undefined
  await tap({ kind: `assignment.${step}`, subject, path, body: { at: deviceTime(), ...more }, after })
}

/** Says that one is all right, or calls for help: kept and sent like any other tap. */
export async function signal(what: 'welfare' | 'alarm'): Promise<void> {
  const task = view.value?.task
  if (!task) return
  const id = task.assignmentId
  await tap({
    kind: `assignment.${what}`,
    subject: id === undefined ? `offer:${task.offerId}` : `assignment:${id}`,
    path: `/api/v1/assignments/${id ?? '{id}'}/${what}`,
    body: { at: deviceTime() },
    after: id === undefined ? task.acceptKey : undefined,
  })
}

export async function note(incidentId: number, words: string): Promise<void> {
  const path = `/api/v1/incidents/${incidentId}/timeline`
  await tap({ kind: 'note', subject: `incident:${incidentId}`, path, body: { kind: 'note', words, said_at: deviceTime() } })
}

export async function sendPhoto(incidentId: number, photo: Blob): Promise<void> {
  await tap({ kind: 'photo', subject: `incident:${incidentId}`, path: `/api/v1/incidents/${incidentId}/photos`, body: {}, photo })
}
