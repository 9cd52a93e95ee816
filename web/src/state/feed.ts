// The picture as the feed tells it: pure functions from a picture and a frame
// to the next picture.
import { type Clock, heardTime, unknownClock } from '../api/clock'
import type { Crowd, EventFrame, Frame, Onlooker } from '../api/frames'
import type { Assignment, FeedEvent, Incident, Offer, Responder } from '../api/types'

export interface Picture {
  epoch: string
  offset: number
  incidents: ReadonlyMap<number, Incident>
  offers: ReadonlyMap<number, Offer>
  assignments: ReadonlyMap<number, Assignment>
  /** Those on a task, and those in the view without one unless they are a crowd. */
  responders: ReadonlyMap<number, Responder>
  /** How many without a task stand where, when they are too many to be named. */
  crowd: Crowd
  /** The newest events, newest first, at most `keptEvents`. */
  events: readonly FeedEvent[]
  /** Who has the incident open that is open here, this account among them. */
  presence: { readonly incident: number; readonly accounts: readonly Onlooker[] }
  /** Whether places of people come merged, since this page takes too little. */
  slow: boolean
  clock: Clock
  /** Age of each layer at the last heartbeat, in ms. */
  ages: Readonly<Record<string, number>>
}

export const keptEvents = 100

const nobody: Picture['presence'] = { incident: 0, accounts: [] }

export function emptyPicture(): Picture {
  return {
    epoch: '',
    offset: 0,
    incidents: new Map(),
    offers: new Map(),
    assignments: new Map(),
    responders: new Map(),
    crowd: [],
    events: [],
    presence: nobody,
    slow: false,
    clock: unknownClock,
    ages: {},
  }
}

const terminal = new Set(['closed', 'rejected', 'merged', 'cancelled'])
const openOffer = new Set(['offered', 'seen', 'later', 'standby'])
const activeAssignment = new Set(['accepted', 'en_route', 'on_scene'])

export const isTerminal = (state: string): boolean => terminal.has(state)
export const isOpenOffer = (state: string): boolean => openOffer.has(state)
export const isActive = (state: string): boolean => activeAssignment.has(state)

export function foldAll(picture: Picture, frames: readonly Frame[], now: number): Picture {
  return frames.reduce((p, f) => fold(p, f, now), picture)
}

export function fold(picture: Picture, frame: Frame, now: number): Picture {
  switch (frame.type) {
    case 'snapshot':
      return {
        ...picture,
        epoch: frame.epoch,
        offset: frame.offset,
        clock: heardTime(picture.clock, Date.parse(frame.server_time), now),
        incidents: byId(frame.incidents),
        offers: byId(frame.offers),
        assignments: byId(frame.assignments),
        responders: byId(frame.responders),
        crowd: [],
        presence: nobody,
        slow: false,
        events: picture.epoch === frame.epoch && frame.reason !== 'first' ? picture.events : [],
      }
    case 'resumed':
      return {
        ...picture,
        epoch: frame.epoch,
        presence: nobody,
        slow: false,
        clock: heardTime(picture.clock, Date.parse(frame.server_time), now),
      }
    case 'heartbeat':
      // Everything up to this offset that is ours came before it on the same socket.
      return {
        ...picture,
        offset: Math.max(picture.offset, frame.offset),
        clock: heardTime(picture.clock, Date.parse(frame.server_time), now),
        ages: frame.layers,
      }
    case 'people':
      return {
        ...picture,
        responders: new Map([...[...picture.responders].filter(([, r]) => r.task), ...byId(frame.responders)]),
        crowd: frame.crowd,
      }
    case 'presence':
      return { ...picture, presence: { incident: frame.incident_id, accounts: frame.accounts } }
    case 'kept': // an answer, and no part of the picture
      return picture
    case 'slow':
      return { ...picture, slow: frame.slow }
    case 'positions':
      return { ...picture, responders: moved(picture.responders, frame.p) }
    case 'event':
      return frame.offset <= picture.offset ? picture : withEvent(picture, frame)
  }
}

/** Thousands answer one call-up: the newest answer stands for those before it. */
function keptBefore(events: readonly FeedEvent[], next: FeedEvent): readonly FeedEvent[] {
  return next.noun === 'call_up_member' ? events.filter((e) => e.noun !== next.noun) : events
}

function withEvent(picture: Picture, frame: EventFrame): Picture {
  return {
    ...picture,
    offset: frame.offset,
    events: [frame.event, ...keptBefore(picture.events, frame.event)].slice(0, keptEvents),
    incidents: put(picture.incidents, frame.incident, (i) => !terminal.has(i.state)),
    offers: put(picture.offers, frame.offer, (o) => openOffer.has(o.state)),
    assignments: put(picture.assignments, frame.assignment, (a) => activeAssignment.has(a.state)),
    responders: put(picture.responders, frame.responder, (r) => r.task !== undefined || (r.duty !== 'off' && picture.crowd.length === 0)),
  }
}

/** Takes a noun over unless a newer version is held; drops it when it is over. */
function put<T extends { id: number; version: number }>(
  map: ReadonlyMap<number, T>,
  noun: T | undefined,
  keep: (noun: T) => boolean,
): ReadonlyMap<number, T> {
  if (!noun) return map
  const held = map.get(noun.id)
  if (held && held.version > noun.version) return map
  if (!held && !keep(noun)) return map
  const next = new Map(map)
  if (keep(noun)) next.set(noun.id, noun)
  else next.delete(noun.id)
  return next
}

function moved(
  map: ReadonlyMap<number, Responder>,
  positions: readonly (readonly [number, number, number, number, number])[],
): ReadonlyMap<number, Responder> {
  let next: Map<number, Responder> | undefined
  for (const [id, lon, lat, heading, at] of positions) {
    const held = (next ?? map).get(id)
    if (!held || (held.position_at && Date.parse(held.position_at) > at)) continue
    next ??= new Map(map)
    next.set(id, {
      ...held,
      lon,
      lat,
      position_at: new Date(at).toISOString(),
      position_source: 'position',
      heading_degrees: heading < 0 ? undefined : heading,
    })
  }
  return next ?? map
}

function byId<T extends { id: number }>(list: readonly T[]): Map<number, T> {
  return new Map(list.map((n) => [n.id, n]))
}
