// A stream that a console was told by a real server, replayed: see the Go test
// TestARecordedStream, which records it.
import { describe, expect, it } from 'vitest'
import { type Frame, parseMessage } from '../api/frames'
import { emptyPicture, fold, foldAll, type Picture } from './feed'
import recorded from './recorded/loop.json'

const start = Date.parse('2026-11-23T00:00:00Z')

const read = (text: string): Frame[] => {
  const { frames, broken, doubt } = parseMessage(text)
  expect({ broken, doubt }, text.slice(0, 200)).toEqual({ broken: 0, doubt: false })
  return frames
}
const connections = recorded.connections.map((messages) => messages.flatMap(read))
const all = connections.flat()

/** What a picture says of what goes on, without what each page has its own of. */
const goesOn = (p: Picture) => ({
  epoch: p.epoch,
  offset: p.offset,
  incidents: [...p.incidents.values()].sort((a, b) => a.id - b.id),
  offers: [...p.offers.values()].sort((a, b) => a.id - b.id),
  assignments: [...p.assignments.values()].sort((a, b) => a.id - b.id),
  working: [...p.responders.values()].filter((r) => r.task).map((r) => r.id),
})
const told = foldAll(emptyPicture(), all, start)
const end = foldAll(emptyPicture(), read(recorded.end), start)

describe('a recorded stream', () => {
  it('holds all that it should: a loop, people, a position, a cut', () => {
    expect(new Set(all.map((f) => f.type))).toEqual(new Set(['snapshot', 'people', 'event', 'positions', 'resumed']))
    expect(all.filter((f) => f.type === 'event').length).toBeGreaterThan(10)
    expect(end.incidents.size).toBe(1)
  })

  it('ends in the picture of a console that comes last', () => {
    expect(goesOn(told)).toEqual(goesOn(end))
  })

  it('ends in it however it is cut into messages, and whatever comes twice', () => {
    expect(goesOn(all.reduce((p: Picture, f) => fold(p, f, start), emptyPicture()))).toEqual(goesOn(told))
    const twice = all.flatMap((f): Frame[] => (f.type === 'event' ? [f, f] : [f]))
    expect(goesOn(foldAll(emptyPicture(), twice, start))).toEqual(goesOn(told))
  })

  it('ends in it wherever the link is cut: what is missed comes again', () => {
    const events = all.filter((f) => f.type === 'event')
    for (let cut = 1; cut <= all.length; cut++) {
      const before = foldAll(emptyPicture(), all.slice(0, cut), start)
      const resumed: Frame = { type: 'resumed', epoch: before.epoch, offset: before.offset, server_time: '2026-11-23T00:00:00Z' }
      const missed = events.filter((f) => f.offset > before.offset)
      expect(goesOn(foldAll(before, [resumed, ...missed], start)), `cut after ${cut}`).toEqual(goesOn(told))
    }
  })

  it('survives any of its messages in pieces: a broken frame puts the order in doubt, and nothing else', () => {
    for (const text of recorded.connections.flat()) {
      const cut = parseMessage(text.slice(0, text.length / 2))
      expect(cut).toMatchObject({ frames: [], doubt: true })
    }
  })

  it('puts who moved where the last position says', () => {
    const before = foldAll(emptyPicture(), connections[0] ?? [], start)
    const moves = all.flatMap((f) => (f.type === 'positions' ? f.p : []))
    expect(moves.length).toBeGreaterThan(0)
    for (const [id, lon, lat] of moves) expect(before.responders.get(id)).toMatchObject({ lon, lat })
  })
})
