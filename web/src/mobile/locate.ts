// The own position: watched, kept and sent only on duty or on a task. When that
// ends the watch ends, and what was not sent is deleted.
import { ref, watch } from 'vue'
import { ApiError, command } from '../api/client'
import type { Position } from '../state/outbox_store'
import { addPosition, batchSize, withoutBatch } from '../state/track'
import { currentStore, holder, refresh, sharing, view } from './phone'

export type Fix = 'off' | 'asking' | 'working' | 'denied' | 'unavailable' | 'insecure'
export const fix = ref<Fix>('off')
export const accuracyMeters = ref(0)

const sendEvery = 10_000
let watching: number | undefined
let track: readonly Position[] = []
let last: Position | undefined
let sending = false

/** Follows the switch from now on. */
export function followSharing(): void {
  watch([sharing, holder], ([on]) => (on ? start() : stop()), { immediate: true })
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

function stop(): void {
  if (watching !== undefined) navigator.geolocation.clearWatch(watching)
  watching = undefined
  track = []
  last = undefined
  fix.value = 'off'
  void currentStore().savePositions([])
}

function refused(why: GeolocationPositionError): void {
  fix.value = why.code === why.PERMISSION_DENIED ? 'denied' : 'unavailable'
}

function take(found: GeolocationPosition): void {
  if (!sharing.value) {
    stop()
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
  void currentStore().savePositions(track)
  if (first) void send()
}

/** Whether the server knows of the duty or the task already: before that it takes no position. */
function known(): boolean {
  const v = view.value
  return sharing.value && v !== null && ((v.duty.on && v.duty.id !== undefined) || v.task?.assignmentId !== undefined)
}

async function send(): Promise<void> {
  if (sending || track.length === 0 || !known()) return
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
