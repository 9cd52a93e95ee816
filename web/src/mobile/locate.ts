// The own position: watched, kept and sent only on duty or on a task. When that
// ends the watch ends, and what was not sent is deleted, but for what is of the
// task's track, where its owner agreed to one: that is sent when there is a network.
import { ref, watch } from 'vue'
import { ApiError, command } from '../api/client'
import type { Position } from '../state/outbox_store'
import { addPosition, batchSize, ofTask, withoutBatch } from '../state/track'
import { consentBriefs } from './consent'
import { currentStore, holder, refresh, sharing, view } from './phone'

export type Fix = 'off' | 'asking' | 'working' | 'denied' | 'unavailable' | 'insecure'
export const fix = ref<Fix>('off')
export const accuracyMeters = ref(0)

const sendEvery = 10_000
let watching: number | undefined
let track: readonly Position[] = []
let last: Position | undefined
let sending = false
/** When the first position was taken of the task that goes on, if its track is kept. */
let taskSince: string | undefined

/** Follows the switch from now on. */
export function followSharing(): void {
  watch([sharing, holder], ([on, who], before) => (on ? start() : stop(who !== null && who.account_id === before[1]?.account_id)), {
    immediate: true,
  })
  setInterval(() => void send(), sendEvery)
}

function start(): void {
  if (watching !== undefined) return
  if (!window.isSecureContext || !navigator.geolocation) {
    fix.value = 'insecure'
    return
  }
  fix.value = 'asking'
  void currentStore()
    .positions()
    .then((kept) => {
      if (sharing.value) track = [...kept, ...track]
    })
  watching = navigator.geolocation.watchPosition(take, refused, { enableHighAccuracy: true, maximumAge: 5000, timeout: 30_000 })
}

/** Ends the watch; the rest of a task's track stays where the same person still holds the phone. */
function stop(same: boolean): void {
  if (watching !== undefined) navigator.geolocation.clearWatch(watching)
  watching = undefined
  track = same && view.value?.consents ? ofTask(track, taskSince) : []
  last = taskSince = undefined
  fix.value = 'off'
  void currentStore().savePositions(track)
}

function refused(why: GeolocationPositionError): void {
  fix.value = why.code === why.PERMISSION_DENIED ? 'denied' : 'unavailable'
}

function take(found: GeolocationPosition): void {
  if (!sharing.value) {
    stop(true)
    return
  }
  fix.value = 'working'
  const c = found.coords
  accuracyMeters.value = Math.round(c.accuracy)
  const next: Position = { lon: c.longitude, lat: c.latitude, at: new Date(found.timestamp).toISOString() }
  if (Number.isFinite(c.accuracy)) next.accuracy_meters = Math.min(10_000, c.accuracy)
  if (c.heading !== null && Number.isFinite(c.heading)) next.heading_degrees = c.heading
  if (c.speed !== null && Number.isFinite(c.speed)) next.speed_mps = Math.min(100, Math.max(0, c.speed))
  const longer = addPosition(track, last, next)
  if (longer === track) return
  const first = last === undefined
  track = longer
  last = next
  if (!view.value?.task || !consentBriefs.value.track?.holds) taskSince = undefined
  else taskSince ??= next.at
  void currentStore().savePositions(track)
  if (first) void send()
}

/** Whether the server knows of the duty or the task already: before that it takes no position. */
function known(): boolean {
  const v = view.value
  return sharing.value && v !== null && ((v.duty.on && v.duty.id !== undefined) || v.task?.assignmentId !== undefined)
}

async function send(): Promise<void> {
  if (sending || track.length === 0 || (sharing.value && !known())) return
  sending = true
  const batch = track.slice(0, batchSize)
  try {
    await command('/api/v1/positions', { positions: batch })
    drop(batch)
  } catch (e) {
    // Refused (off duty after all, or useless): not kept either. Unreachable: later.
    if (e instanceof ApiError && !e.transient && e.status !== 401) drop(batch)
    // Withdrawn elsewhere, or a new text holds: the server's word stops the watch.
    if (e instanceof ApiError && e.code === 'consent_required') void refresh()
  } finally {
    sending = false
  }
}

function drop(batch: readonly Position[]): void {
  track = withoutBatch(track, batch)
  void currentStore().savePositions(track)
}
