// What a dispatcher does to an incident: one function a command, all through
// one place that shows refusals and takes the answer over at once.
import { ref } from 'vue'
import { ApiError, command } from '../api/client'
import type { Assignment, Incident, Offer } from '../api/types'
import { i18n } from '../i18n'
import { picture } from '../state/page'
import { words } from '../ui/text'

export const notice = ref('')
export const busy = ref(false)

export async function act<T>(run: () => Promise<T>): Promise<T | undefined> {
  if (busy.value) return undefined
  busy.value = true
  notice.value = ''
  try {
    return await run()
  } catch (e) {
    notice.value = explain(e)
    return undefined
  } finally {
    busy.value = false
  }
}

function explain(e: unknown): string {
  if (e instanceof ApiError && e.code === 'version_conflict') takeOver(e.current as Incident | undefined)
  return words(e)
}

/** Shows an answer before the feed brings it; the feed's own copy changes nothing then. */
function takeOver(incident: Incident | undefined): void {
  if (!incident || typeof incident.id !== 'number') return
  const held = picture.value.incidents.get(incident.id)
  if (!held || held.version >= incident.version) return
  picture.value = { ...picture.value, incidents: new Map(picture.value.incidents).set(incident.id, incident) }
}

const path = (i: Incident, what: string) => `/api/v1/incidents/${i.id}/${what}`

async function step(i: Incident, what: string, more: Record<string, unknown> = {}): Promise<void> {
  takeOver(await act(() => command<Incident>(path(i, what), { version: i.version, ...more })))
}

export const verify = (i: Incident) => step(i, 'verify')
export const reject = (i: Incident, reason: string) => step(i, 'reject', { reason })
export const resolve = (i: Incident, reason: string) => step(i, 'resolve', { reason })
export const check = (i: Incident, passed: boolean, reason = '') => step(i, 'check', { passed, reason })
export const close = (i: Incident) => step(i, 'close')
export const reopen = (i: Incident, reason: string) => step(i, 'reopen', { reason })
export const cancel = (i: Incident, reason: string) => step(i, 'cancel', { reason })

/** Waves by the plan: each wider, until there are enough. */
export const beginWaves = (i: Incident) => step(i, 'waves')
export const stopWaves = (i: Incident) => step(i, 'waves/stop')

export async function send(i: Incident, responderIds: number[], reason: string, task: Offer['task']): Promise<boolean> {
  const sent = await act(() =>
    command<{ incident: Incident; offers: Offer[] }>(path(i, 'offers'), {
      version: i.version,
      responder_ids: responderIds,
      reason: reason || undefined,
      task,
    }),
  )
  takeOver(sent?.incident)
  return sent !== undefined
}

export function note(i: Incident, kind: string, said: string): Promise<unknown> {
  return act(() => command(path(i, 'timeline'), { kind, words: said, said_at: new Date().toISOString() }))
}

export function withdraw(o: Offer): Promise<unknown> {
  return act(() => command(`/api/v1/offers/${o.id}/withdraw`, { version: o.version }))
}

/** 代接单: the dispatcher phoned and records the answer. */
export function acceptFor(o: Offer): Promise<unknown> {
  return act(() => command(`/api/v1/offers/${o.id}/accept`, { on_behalf: true }))
}

/** 代填: somebody was phoned and cannot come. */
export function declineFor(o: Offer, reason: string): Promise<unknown> {
  return act(() => command(`/api/v1/offers/${o.id}/decline`, { on_behalf: true, reason }))
}

const nextSteps: Record<string, string> = { accepted: 'en-route', en_route: 'on-scene', on_scene: 'done' }
const stepStates: Record<string, string> = { 'en-route': 'en_route', 'on-scene': 'on_scene', done: 'done' }

export function nextStep(a: Assignment): { path: string; name: string } | undefined {
  const next = nextSteps[a.state]
  return next ? { path: next, name: i18n.global.t(`common.assignment.${stepStates[next]}`) } : undefined
}

/** 代填: the dispatcher records a step for somebody. */
export function advanceFor(a: Assignment, stepPath: string, reason = ''): Promise<unknown> {
  return act(() => command(`/api/v1/assignments/${a.id}/${stepPath}`, { on_behalf: true, reason: reason || undefined }))
}

/** 代填: somebody on scene was spoken to and is all right. */
export function welfareFor(a: Assignment): Promise<unknown> {
  return act(() => command(`/api/v1/assignments/${a.id}/welfare`, { on_behalf: true }))
}

export function release(a: Assignment): Promise<unknown> {
  return act(() => command(`/api/v1/assignments/${a.id}/release`, {}))
}
