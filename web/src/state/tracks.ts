// Where those went who worked on an incident, and where they were at a time: pure.
import type { TaskTracks } from '../api/types'

export type Track = TaskTracks['tracks'][number]
export type Place = readonly [lon: number, lat: number]

/** Beyond it nobody knows how somebody went from one point to the next. */
const gapMillis = 2 * 60_000

/** From the first acceptance to the last end, in milliseconds. */
export function spanOf(tracks: readonly Track[]): readonly [from: number, until: number] {
  if (tracks.length === 0) return [0, 0]
  return [Math.min(...tracks.map((t) => Date.parse(t.accepted_at))), Math.max(...tracks.map((t) => Date.parse(t.ended_at)))]
}

/** The way in pieces, between which the phone was silent for more than two minutes. */
export function piecesOf(track: Track): readonly (readonly Place[])[] {
  const pieces: Place[][] = []
  let last = Number.NEGATIVE_INFINITY
  for (const p of track.points) {
    const at = Date.parse(p.at)
    if (at - last > gapMillis) pieces.push([])
    pieces.at(-1)?.push([p.lon, p.lat])
    last = at
  }
  return pieces
}

/**
 * Where somebody was at a time: on the straight way between the two points around
 * it; undefined where nothing is known, and outside of the task.
 */
export function placeAt(track: Track, at: number): Place | undefined {
  const { points } = track
  if (at > Date.parse(track.ended_at)) return undefined
  let low = 0
  let high = points.length // the first point after the time
  while (low < high) {
    const middle = (low + high) >> 1
    if (Date.parse(points[middle]?.at ?? '') > at) high = middle
    else low = middle + 1
  }
  const before = points[low - 1]
  if (!before) return undefined
  const begins = Date.parse(before.at)
  if (at === begins) return [before.lon, before.lat]
  const after = points[low]
  const between = after ? Date.parse(after.at) - begins : 0
  if (!after || between > gapMillis) return at - begins > gapMillis ? undefined : [before.lon, before.lat]
  const part = (at - begins) / between
  return [before.lon + (after.lon - before.lon) * part, before.lat + (after.lat - before.lat) * part]
}

/** Minutes from acceptance to arrival, undefined where none was noted. */
export function arrivalMinutes(track: Track): number | undefined {
  if (track.on_scene_at === undefined) return undefined
  return Math.max(0, Math.round((Date.parse(track.on_scene_at) - Date.parse(track.accepted_at)) / 60_000))
}
