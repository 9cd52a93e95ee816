import { describe, expect, it } from 'vitest'
import document from '../../asyncapi.json'
import { frameTypes, parseMessage } from './frames'

const incident = {
  id: 1,
  version: 1,
  state: 'verified',
  priority: 'urgent',
  lon: 1,
  lat: 2,
  state_since: '2026-11-23T00:00:00Z',
  reported_at: '2026-11-23T00:00:00Z',
}
const event = { offset: 5, kind: 'incident.verified', at: '2026-11-23T00:00:00Z', noun: 'incident', noun_id: 1, data: {} }
const frame = { type: 'event', offset: 5, event, incident }
const snapshot = {
  type: 'snapshot',
  epoch: 'e',
  offset: 9,
  server_time: '2026-11-23T00:00:00Z',
  offers: [],
  assignments: [],
  responders: [],
}
const heartbeat = { type: 'heartbeat', offset: 5, server_time: '2026-11-23T00:00:00Z', layers: { incidents: 10 } }

describe('a message', () => {
  it('gives its sound frames in order and keeps fields it does not know', () => {
    const { frames, broken, doubt } = parseMessage(JSON.stringify([frame, { ...heartbeat, more: 1 }]))
    expect(frames.map((f) => f.type)).toEqual(['event', 'heartbeat'])
    expect(frames[0]).toMatchObject({ incident })
    expect({ broken, doubt }).toEqual({ broken: 0, doubt: false })
  })

  it.each([
    ['not JSON', 'hello'],
    ['cut off', '[{"type":"event"'],
    ['no list', '{}'],
    ['null', 'null'],
    ['empty', ''],
    ['an event without an offset', JSON.stringify([{ ...frame, offset: undefined }])],
    ['an event whose noun is broken', JSON.stringify([{ ...frame, incident: { ...incident, lon: 'east' } }])],
    ['an event that ends no day of any year', JSON.stringify([{ ...frame, event: { ...event, at: 'tomorrow' } }])],
    ['an incident beyond the earth', JSON.stringify([{ ...frame, incident: { ...incident, lat: 91 } }])],
    ['a snapshot of no time', JSON.stringify([{ ...snapshot, incidents: [], server_time: '' }])],
    ['nested without end', '['.repeat(200_000)],
    ['an event of numbers too large', '[{"type":"event","offset":1e999}]'],
    ['nested lists', JSON.stringify([[frame]])],
    ['a frame without a type', '[{}]'],
    ['null in the list', '[null]'],
    ['a broken snapshot', JSON.stringify([{ ...snapshot, incidents: 'all' }])],
  ])('that is %s puts the order in doubt and throws nothing', (_, text) => {
    expect(parseMessage(text)).toMatchObject({ frames: [], broken: 1, doubt: true })
  })

  it.each([
    ['positions that are broken', { type: 'positions', p: [[1, 2]] }],
    ['positions of no time', { type: 'positions', p: [[1, 2, 3, -1, 1e300]] }],
    ['positions beyond the earth', { type: 'positions', p: [[1, 200, 3, -1, 0]] }],
    ['a slowness that is none', { type: 'slow', slow: 'very' }],
    ['names that are none', { type: 'presence', incident_id: 1, accounts: [{ id: 1, name: {} }] }],
    ['a heartbeat that is broken', { type: 'heartbeat' }],
    ['a heartbeat of no time', { ...heartbeat, server_time: 'now' }],
    ['something of a newer server', { type: 'weather', of: 'tomorrow' }],
    ['a name of an object', { type: 'constructor' }],
    ['a prototype', { type: '__proto__' }],
  ])('with %s loses only that', (_, broken) => {
    const parsed = parseMessage(JSON.stringify([broken, frame]))
    expect(parsed).toMatchObject({ broken: 1, doubt: false })
    expect(parsed.frames).toHaveLength(1)
  })

  it('with a broken noun in a snapshot keeps the others', () => {
    const parsed = parseMessage(JSON.stringify([{ ...snapshot, incidents: [incident, { id: 2 }, null, { ...incident, id: 3 }] }]))
    expect(parsed).toMatchObject({ broken: 2, doubt: false })
    expect(parsed.frames[0]).toMatchObject({ incidents: [{ id: 1 }, { id: 3 }] })
  })

  it('cannot reach the prototype of anything', () => {
    parseMessage('[{"type":"event","__proto__":{"polluted":true},"event":{"__proto__":{"polluted":true}}}]')
    expect('polluted' in {}).toBe(false)
  })
})

describe('the document of the feed', () => {
  const examples = document.components.messages.frames.examples

  it.each(examples.map((e) => [e.name, e.payload] as const))('has an example of %s that is read whole', (name, payload) => {
    const parsed = parseMessage(JSON.stringify(payload))
    expect(parsed).toMatchObject({ broken: 0, doubt: false })
    expect(parsed.frames).toMatchObject(payload)
    expect(parsed.frames[0]?.type).toBe(name)
  })

  it('has one of every kind of frame that is read', () => {
    const shown = new Set(examples.map((e) => e.name))
    expect([...shown].sort()).toEqual([...frameTypes].sort())
  })
})
