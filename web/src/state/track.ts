// The own positions that wait to be sent: thinned, bounded, sent in batches. Pure.
import type { Position } from './outbox_store'

const stillEveryMs = 30_000
const movedMeters = 10
/** What the server takes at once. */
export const batchSize = 500
/** The oldest go first beyond this: an evening without signal. */
export const mostKept = 2000

/** Adds a fix unless it says nothing new: hardly moved since the last, and not long ago. */
export function addPosition(track: readonly Position[], last: Position | undefined, fix: Position): readonly Position[] {
  if (last) {
    const age = Date.parse(fix.at) - Date.parse(last.at)
    if (age <= 0 || (age < stillEveryMs && metersBetween(last, fix) < movedMeters)) return track
  }
  return [...track.slice(Math.max(0, track.length + 1 - mostKept)), fix]
}

/** What is left after a batch was taken. */
export function withoutBatch(track: readonly Position[], batch: readonly Position[]): readonly Position[] {
  const sent = new Set(batch.map((p) => p.at))
  return track.filter((p) => !sent.has(p.at))
}

/** What is left when a task ends, of which the track is kept: what was taken on it; nothing without one. */
export function ofTask(track: readonly Position[], since: string | undefined): readonly Position[] {
  return since === undefined ? [] : track.filter((p) => Date.parse(p.at) >= Date.parse(since))
}

/** Metres on a sphere, by the haversine formula; good to 0.5 %. */
export function metersBetween(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180
  const dLat = ((b.lat - a.lat) * rad) / 2
  const dLon = ((b.lon - a.lon) * rad) / 2
  const h = Math.sin(dLat) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon) ** 2
  return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(h)))
}
