import { describe, expect, it } from 'vitest'
import type { EventFrame, Frame, SnapshotFrame } from '../api/frames'
import type { Assignment, Incident, Offer, Responder } from '../api/types'
import { emptyPicture, fold, foldAll, isActive, isOpenOffer, isTerminal, keptEvents, type Picture } from './feed'

const time = '2026-11-23T00:00:00.000Z'
const start = Date.parse(time)

const incident = (id: number, version: number, state: Incident['state'] = 'verified') => ({ id, version, state }) as Incident
const offer = (id: number, version: number, state: Offer['state']) => ({ id, version, state }) as Offer
const assignment = (id: number, version: number, state: Assignment['state']) => ({ id, version, state }) as Assignment
const responder = (id: number, more: Partial<Responder> = {}) => ({ id, version: 1, duty: 'on_duty', ...more }) as Responder

const event = (offset: number, nouns: Partial<EventFrame> = {}): EventFrame => ({
  type: 'event',
  offset,
  event: { offset, kind: 'incident.edited', at: time, noun: 'incident', noun_id: 1, noun_version: 1, area_id: 1, data: {} },
  ...nouns,
})
const snapshot = (offset: number, nouns: Partial<SnapshotFrame> = {}, epoch = 'e'): SnapshotFrame => ({
  type: 'snapshot',
  epoch,
  offset,
  server_time: time,
  reason: 'first',
  incidents: [],
  offers: [],
  assignments: [],
  responders: [],
  ...nouns,
})
const told = (...frames: Frame[]): Picture => foldAll(emptyPicture(), frames, start)

describe('the picture', () => {
  it('begins with a snapshot and knows the server’s clock', () => {
    const p = foldAll(emptyPicture(), [snapshot(7, { incidents: [incident(1, 1)] })], start - 1500)
    expect(p).toMatchObject({ epoch: 'e', offset: 7, clock: { offset: 1500 } })
    expect([...p.incidents.keys()]).toEqual([1])
  })

  it('is replaced by a later snapshot; events of another epoch are forgotten', () => {
    const p = told(snapshot(1, { incidents: [incident(1, 1)] }), event(2), snapshot(9, { incidents: [incident(2, 1)] }, 'f'))
    expect([...p.incidents.keys()]).toEqual([2])
    expect(p.events).toEqual([])
    expect(p.offset).toBe(9)
  })

  it('forgets events too where it begins again under other rights', () => {
    const p = told(snapshot(1, { incidents: [incident(1, 1)] }), event(2), snapshot(9, { reason: 'first' }))
    expect(p.incidents.size).toBe(0)
    expect(p.events).toEqual([])
    expect(told(snapshot(1), event(2), snapshot(9, { reason: 'gap' })).events).toHaveLength(1)
  })

  it('shows people in view, and of a crowd only those who work', () => {
    const task = { task: { incident_id: 1, assignment_id: 1, state: 'en_route' } } as Partial<Responder>
    const working = snapshot(1, { responders: [responder(1, task)] })
    const listed = told(working, { type: 'people', offset: 1, total: 1, responders: [responder(2)], crowd: [] })
    expect([...listed.responders.keys()]).toEqual([1, 2])
    const elsewhere = fold(listed, { type: 'people', offset: 1, total: 1, responders: [responder(3)], crowd: [] }, start)
    expect([...elsewhere.responders.keys()]).toEqual([1, 3])
    const crowd = fold(elsewhere, { type: 'people', offset: 1, total: 5000, responders: [], crowd: [[117, 36, 5000]] }, start)
    expect([...crowd.responders.keys()]).toEqual([1])
    expect(crowd.crowd).toEqual([[117, 36, 5000]])
    const begun = foldAll(crowd, [event(2, { responder: responder(4) }), event(3, { responder: responder(5, task) })], start)
    expect([...begun.responders.keys()]).toEqual([1, 5])
    expect([...fold(begun, event(4, { responder: responder(5, { version: 2 }) }), start).responders.keys()]).toEqual([1])
  })

  it.each([1, 5])('ignores an event at or before its offset (%i)', (offset) => {
    const p = told(snapshot(5))
    expect(fold(p, event(offset, { incident: incident(1, 9) }), start)).toBe(p)
  })

  it('never goes back to an older version', () => {
    const p = told(snapshot(1), event(2, { incident: incident(1, 5, 'handling') }), event(3, { incident: incident(1, 4, 'verified') }))
    expect(p.incidents.get(1)).toMatchObject({ version: 5, state: 'handling' })
    expect(p.offset).toBe(3)
  })

  it.each([
    ['incident', { incident: incident(1, 1) }, { incident: incident(1, 2, 'closed') }],
    ['offer', { offer: offer(1, 1, 'offered') }, { offer: offer(1, 2, 'declined') }],
    ['assignment', { assignment: assignment(1, 1, 'en_route') }, { assignment: assignment(1, 2, 'done') }],
    ['responder', { responder: responder(1) }, { responder: responder(1, { duty: 'off' }) }],
  ])('lets go of an %s that is over', (name, open, over) => {
    const at = (p: Picture) => p[`${name}s` as 'incidents' | 'offers' | 'assignments' | 'responders'].size
    const p = told(snapshot(1), event(2, open))
    expect(at(p)).toBe(1)
    expect(at(fold(p, event(3, over), start))).toBe(0)
  })

  it('keeps a responder off duty who still has a task', () => {
    const task = { incident_id: 1, assignment_id: 1, state: 'en_route' as const }
    expect(told(snapshot(1), event(2, { responder: responder(1, { duty: 'off', task }) })).responders.size).toBe(1)
  })

  it('moves who it knows, never back in time, and nobody else', () => {
    const later = start + 5000
    const p = told(snapshot(1, { responders: [responder(1)] }), { type: 'positions', p: [[1, 10, 20, -1, later]] })
    expect(p.responders.get(1)).toMatchObject({ lon: 10, lat: 20, position_at: new Date(later).toISOString(), heading_degrees: undefined })
    const q = foldAll(
      p,
      [
        {
          type: 'positions',
          p: [
            [1, 0, 0, 90, start],
            [2, 1, 1, 0, later],
          ],
        },
      ],
      start,
    )
    expect(q.responders).toBe(p.responders)
  })

  it('changes nothing it need not: maps stay the same', () => {
    const p = told(snapshot(1, { incidents: [incident(1, 1)] }))
    const q = fold(p, event(2, { offer: offer(1, 1, 'offered') }), start)
    expect(q.incidents).toBe(p.incidents)
    expect(q.offers).not.toBe(p.offers)
  })

  it('keeps a bounded number of events however long it runs', () => {
    let p = told(snapshot(0))
    for (let n = 1; n <= 1000; n++) p = fold(p, event(n), start)
    expect(p.events).toHaveLength(keptEvents)
    expect(p.events[0]?.offset).toBe(1000)
  })

  it('is not flooded by thousands who answer a call-up: the newest answer stands for all', () => {
    let p = fold(told(snapshot(0)), event(1), start)
    for (let n = 2; n <= 1000; n++) p = fold(p, event(n, { event: { ...event(n).event, noun: 'call_up_member' } }), start)
    expect(p.events.map((e) => e.offset)).toEqual([1000, 1])
  })

  it('says that places come merged until they no longer do, or the link is another', () => {
    const slow = told(snapshot(5), { type: 'slow', slow: true })
    expect(slow.slow).toBe(true)
    expect(fold(slow, { type: 'slow', slow: false }, start).slow).toBe(false)
    expect(fold(slow, { type: 'resumed', epoch: 'e', offset: 5, server_time: time }, start).slow).toBe(false)
    expect(fold(slow, snapshot(9), start).slow).toBe(false)
  })

  it('takes over the offset of a heartbeat, and its ages', () => {
    const p = told(snapshot(5), { type: 'heartbeat', offset: 8, server_time: time, layers: { responders: 1200 } })
    expect(p).toMatchObject({ offset: 8, ages: { responders: 1200 } })
    expect(fold(p, { type: 'heartbeat', offset: 3, server_time: time, layers: {} }, start).offset).toBe(8)
  })
})

/** Numbers that look random and are the same every time (mulberry32). */
function chance(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A server that changes things at random and tells each change with the thing as it is when it is told. */
class RandomServer {
  offset = 0
  readonly log: { kind: 'incident' | 'offer' | 'assignment'; id: number }[] = []
  readonly incidents = new Map<number, Incident>()
  readonly offers = new Map<number, Offer>()
  readonly assignments = new Map<number, Assignment>()
  constructor(private readonly random: () => number) {}

  private pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)] as T
  }

  change(): void {
    const kind = this.pick(['incident', 'offer', 'assignment'] as const)
    const id = Math.floor(this.random() * 6)
    const version = 1 + (this[`${kind}s`].get(id)?.version ?? 0)
    if (kind === 'incident') this.incidents.set(id, incident(id, version, this.pick(['verified', 'handling', 'closed', 'cancelled'])))
    else if (kind === 'offer') this.offers.set(id, offer(id, version, this.pick(['offered', 'seen', 'declined', 'expired'])))
    else this.assignments.set(id, assignment(id, version, this.pick(['accepted', 'on_scene', 'done', 'released'])))
    this.log.push({ kind, id })
    this.offset++
  }

  frame(offset: number): EventFrame {
    const { kind, id } = this.log[offset - 1] ?? { kind: 'incident' as const, id: 0 }
    return event(offset, { [kind]: this[`${kind}s`].get(id) })
  }

  snapshot(): SnapshotFrame {
    return snapshot(this.offset, {
      incidents: [...this.incidents.values()].filter((i) => !isTerminal(i.state)),
      offers: [...this.offers.values()].filter((o) => isOpenOffer(o.state)),
      assignments: [...this.assignments.values()].filter((a) => isActive(a.state)),
    })
  }
}

describe('the picture, whatever the network does', () => {
  it.each(Array.from({ length: 40 }, (_, n) => n))('ends as the server stands (run %i)', (seed) => {
    const random = chance(seed)
    const server = new RandomServer(random)
    for (let n = 0; n < 20; n++) server.change()
    let p = told(server.snapshot())
    for (let n = 0; n < 60; n++) {
      for (let k = random() * 4; k > 0; k--) server.change()
      const dice = random()
      if (dice < 0.1) {
        p = fold(p, server.snapshot(), start)
        continue
      }
      // Frames may come twice, in lumps, or again from an earlier offset after a resume; never with a hole.
      const from = dice < 0.4 ? Math.max(1, p.offset - Math.floor(random() * 10)) : p.offset + 1
      for (let offset = from; offset <= server.offset; offset++) {
        p = fold(p, server.frame(offset), start)
        if (random() < 0.2) p = fold(p, server.frame(Math.max(1, offset - Math.floor(random() * 5))), start)
      }
    }
    for (let offset = p.offset + 1; offset <= server.offset; offset++) p = fold(p, server.frame(offset), start)
    const want = told(server.snapshot())
    expect(p.offset).toBe(server.offset)
    for (const name of ['incidents', 'offers', 'assignments'] as const) {
      const sorted = (q: Picture) => [...q[name].values()].sort((a, b) => a.id - b.id)
      expect(sorted(p)).toEqual(sorted(want))
    }
  })
})
