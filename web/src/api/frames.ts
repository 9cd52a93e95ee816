// Frames of the live feed, checked where they come in: what does not fit is
// dropped and counted, and never reaches the state.
import * as v from 'valibot'
import type { components } from './live.gen'

const id = v.pipe(v.number(), v.safeInteger())
const time = v.pipe(
  v.string(),
  v.check((s) => !Number.isNaN(Date.parse(s))),
)
const lon = v.pipe(v.number(), v.minValue(-180), v.maxValue(180))
const lat = v.pipe(v.number(), v.minValue(-90), v.maxValue(90))
/** Milliseconds since 1970 that are a date. */
const instant = v.pipe(v.number(), v.minValue(-8.64e15), v.maxValue(8.64e15))
const incident = v.looseObject({
  id,
  version: id,
  state: v.string(),
  priority: v.string(),
  lon,
  lat,
  state_since: time,
  reported_at: time,
  due_at: v.optional(time),
  wave_at: v.optional(time),
})
const offer = v.looseObject({ id, version: id, state: v.string(), incident_id: id, responder_id: id })
const assignment = v.looseObject({ id, version: id, state: v.string(), incident_id: id, responder_id: id })
const responder = v.looseObject({
  id,
  version: id,
  duty: v.string(),
  affiliations: v.array(v.string()),
  lon: v.optional(lon),
  lat: v.optional(lat),
})
const event = v.looseObject({
  offset: id,
  kind: v.string(),
  at: time,
  noun: v.string(),
  noun_id: id,
  data: v.record(v.string(), v.string()),
})

const schemas = {
  snapshot: v.looseObject({
    type: v.literal('snapshot'),
    epoch: v.string(),
    offset: id,
    server_time: time,
    reason: v.optional(v.string()),
    incidents: v.array(incident),
    offers: v.array(offer),
    assignments: v.array(assignment),
    responders: v.array(responder),
  }),
  resumed: v.looseObject({ type: v.literal('resumed'), epoch: v.string(), offset: id, server_time: time }),
  event: v.looseObject({
    type: v.literal('event'),
    offset: id,
    event,
    incident: v.optional(incident),
    offer: v.optional(offer),
    assignment: v.optional(assignment),
    responder: v.optional(responder),
  }),
  people: v.looseObject({
    type: v.literal('people'),
    total: id,
    responders: v.optional(v.array(responder), []),
    crowd: v.optional(v.array(v.tuple([lon, lat, id])), []),
  }),
  positions: v.looseObject({ type: v.literal('positions'), p: v.array(v.tuple([id, lon, lat, v.number(), instant])) }),
  presence: v.looseObject({
    type: v.literal('presence'),
    incident_id: id,
    accounts: v.array(v.looseObject({ id, name: v.string() })),
  }),
  kept: v.looseObject({
    type: v.literal('kept'),
    id,
    accepted: id,
    refused: v.array(v.looseObject({ index: id, field: v.string(), code: v.string(), detail: v.string() })),
    code: v.optional(v.string()),
    detail: v.optional(v.string()),
  }),
  slow: v.looseObject({ type: v.literal('slow'), slow: v.boolean() }),
  heartbeat: v.looseObject({ type: v.literal('heartbeat'), offset: id, server_time: time, layers: v.record(v.string(), v.number()) }),
}

/** The kinds of frames that are read; others are passed over. */
export const frameTypes: readonly string[] = Object.keys(schemas)

type Schemas = components['schemas']
export type SnapshotFrame = Schemas['SnapshotFrame']
export type ResumedFrame = Schemas['ResumedFrame']
export type EventFrame = Schemas['EventFrame']
/** Where how many stand who are too many to be named: longitude, latitude, count. */
export type Crowd = NonNullable<Schemas['PeopleFrame']['crowd']>
/** Who is in the view without a task, or how many stand where. */
export type PeopleFrame = Required<Schemas['PeopleFrame']>
/** Each position: responder, longitude, latitude, heading (-1 unknown), time in ms. */
export type PositionsFrame = Schemas['PositionsFrame']
/** Who has the incident open that is open here. */
export type PresenceFrame = Schemas['PresenceFrame']
export type Onlooker = Schemas['Onlooker']
/** Whether what moves is merged here, since too little of it is taken. */
export type SlowFrame = Schemas['SlowFrame']
/** What became of the own positions that were said over the socket. */
export type KeptFrame = Schemas['KeptFrame']
export type HeartbeatFrame = Schemas['HeartbeatFrame']
export type Frame =
  | SnapshotFrame
  | ResumedFrame
  | EventFrame
  | PeopleFrame
  | PositionsFrame
  | PresenceFrame
  | SlowFrame
  | KeptFrame
  | HeartbeatFrame

/** What came of a message. */
export interface Parsed {
  frames: Frame[]
  /** How many frames, or nouns of a snapshot, were dropped. */
  broken: number
  /** Whether what was dropped may have been a change: then the order is in doubt. */
  doubt: boolean
}

/** A message is a few MiB at the most; what is far larger is none of ours. */
const mostText = 64 << 20

/** Reads a message, an array of frames; never throws. */
export function parseMessage(text: string): Parsed {
  let list: unknown
  if (text.length > mostText) return { frames: [], broken: 1, doubt: true }
  try {
    list = JSON.parse(text)
  } catch {
    return { frames: [], broken: 1, doubt: true }
  }
  if (!Array.isArray(list)) return { frames: [], broken: 1, doubt: true }
  const parsed: Parsed = { frames: [], broken: 0, doubt: false }
  for (const item of list) {
    const { frame, dropped } = parseFrame(item)
    if (frame) parsed.frames.push(frame)
    else parsed.doubt ||= !isIdle(item)
    parsed.broken += dropped
  }
  return parsed
}

/** Frames that carry no change, and those of a newer server that we do not know. */
function isIdle(item: unknown): boolean {
  const type = typeOf(item)
  return type !== undefined && type !== 'event' && type !== 'snapshot' && type !== 'resumed'
}

const typeOf = (item: unknown): string | undefined =>
  item && typeof item === 'object' && 'type' in item && typeof item.type === 'string' ? item.type : undefined

function parseFrame(item: unknown): { frame?: Frame; dropped: number } {
  const type = typeOf(item)
  if (type === undefined || !Object.hasOwn(schemas, type)) return { dropped: 1 }
  const { sound, dropped } = type === 'snapshot' ? withoutBroken(item as Record<string, unknown>) : { sound: item, dropped: 0 }
  const result = v.safeParse(schemas[type as keyof typeof schemas], sound)
  // The schemas check what the state relies on; the rest is the document's.
  return result.success ? { frame: result.output as unknown as Frame, dropped } : { dropped: dropped + 1 }
}

const nouns = { incidents: incident, offers: offer, assignments: assignment, responders: responder }

/** A snapshot without the nouns that do not fit: one broken incident must not hide the others. */
function withoutBroken(snapshot: Record<string, unknown>): { sound: unknown; dropped: number } {
  const sound: Record<string, unknown> = { ...snapshot }
  let dropped = 0
  for (const [name, schema] of Object.entries(nouns)) {
    const list = sound[name]
    if (!Array.isArray(list)) continue
    const kept = list.filter((noun) => v.is(schema, noun))
    dropped += list.length - kept.length
    sound[name] = kept
  }
  return { sound, dropped }
}
