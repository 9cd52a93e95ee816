// Frames of the live feed, checked where they come in: what does not fit is
// dropped and counted, and never reaches the state.
import * as v from 'valibot'
import type { Assignment, FeedEvent, Incident, Offer, Responder } from './types'

const id = v.pipe(v.number(), v.integer())
const incident = v.looseObject({
  id,
  version: id,
  state: v.string(),
  priority: v.string(),
  lon: v.number(),
  lat: v.number(),
  state_since: v.string(),
})
const offer = v.looseObject({ id, version: id, state: v.string(), incident_id: id, responder_id: id })
const assignment = v.looseObject({ id, version: id, state: v.string(), incident_id: id, responder_id: id })
const responder = v.looseObject({ id, version: id, duty: v.string(), affiliations: v.array(v.string()) })
const event = v.looseObject({
  offset: id,
  kind: v.string(),
  at: v.string(),
  noun: v.string(),
  noun_id: id,
  data: v.record(v.string(), v.string()),
})

const schemas = {
  snapshot: v.looseObject({
    type: v.literal('snapshot'),
    epoch: v.string(),
    offset: id,
    server_time: v.string(),
    incidents: v.array(incident),
    offers: v.array(offer),
    assignments: v.array(assignment),
    responders: v.array(responder),
  }),
  resumed: v.looseObject({ type: v.literal('resumed'), epoch: v.string(), offset: id, server_time: v.string() }),
  event: v.looseObject({
    type: v.literal('event'),
    offset: id,
    event,
    incident: v.optional(incident),
    offer: v.optional(offer),
    assignment: v.optional(assignment),
    responder: v.optional(responder),
  }),
  positions: v.looseObject({ type: v.literal('positions'), p: v.array(v.tuple([id, v.number(), v.number(), v.number(), v.number()])) }),
  heartbeat: v.looseObject({ type: v.literal('heartbeat'), offset: id, server_time: v.string(), layers: v.record(v.string(), v.number()) }),
}

export type SnapshotFrame = {
  type: 'snapshot'
  epoch: string
  offset: number
  server_time: string
  incidents: Incident[]
  offers: Offer[]
  assignments: Assignment[]
  responders: Responder[]
}
export type ResumedFrame = { type: 'resumed'; epoch: string; offset: number; server_time: string }
export type EventFrame = {
  type: 'event'
  offset: number
  event: FeedEvent
  incident?: Incident
  offer?: Offer
  assignment?: Assignment
  responder?: Responder
}
/** Each position: responder, longitude, latitude, heading (-1 unknown), time in ms. */
export type PositionsFrame = { type: 'positions'; p: [number, number, number, number, number][] }
export type HeartbeatFrame = { type: 'heartbeat'; offset: number; server_time: string; layers: Record<string, number> }
export type Frame = SnapshotFrame | ResumedFrame | EventFrame | PositionsFrame | HeartbeatFrame

/** Reads a message: an array of frames. Gives those that are sound, and how many were not. */
export function parseMessage(text: string): { frames: Frame[]; broken: number } {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return { frames: [], broken: 1 }
  }
  if (!Array.isArray(list)) return { frames: [], broken: 1 }
  const frames: Frame[] = []
  for (const item of list) {
    const frame = parseFrame(item)
    if (frame) frames.push(frame)
  }
  return { frames, broken: list.length - frames.length }
}

function parseFrame(item: unknown): Frame | null {
  const type = item && typeof item === 'object' && 'type' in item ? item.type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(schemas, type)) return null
  const result = v.safeParse(schemas[type as keyof typeof schemas], item)
  // The schemas check what the state relies on; the rest is the document's.
  return result.success ? (result.output as unknown as Frame) : null
}
