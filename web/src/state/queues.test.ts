import { describe, expect, it } from 'vitest'
import type { Incident } from '../api/types'
import { byUrgency, clockState, clockText, queueNames, queueOf } from './queues'

const start = Date.parse('2026-11-23T10:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString()
const incident = (id: number, more: Partial<Incident> = {}) =>
  ({ id, priority: 'normal', state: 'verified', active: 0, reported_at: iso(start), ...more }) as Incident

describe('queues', () => {
  const all = [
    incident(1, { opened_by: 9 }),
    incident(2, { priority: 'critical', state: 'handling', active: 2, due_at: iso(start - 1) }),
    incident(3, { state: 'resolved', verified_by: 9 }),
    incident(4, { priority: 'critical', reported_at: iso(start - 60_000), due_at: iso(start + 1) }),
  ]

  it.each([
    ['open', [4, 2, 1, 3]],
    ['mine', [1, 3]],
    ['unassigned', [4, 1]],
    ['overdue', [2]],
    ['check', [3]],
  ] as const)('%s holds what it says, most urgent first', (name, want) => {
    expect(queueOf(all, name, 9, start).map((i) => i.id)).toEqual(want)
  })

  it('hold nothing when there is nothing', () => {
    for (const name of queueNames) expect(queueOf([], name, 9, start)).toEqual([])
  })

  it('have one order, whatever order they came in', () => {
    const want = [...all].sort(byUrgency)
    expect([...all].reverse().sort(byUrgency)).toEqual(want)
  })
})

describe('clocks', () => {
  it.each([
    [0, 'in-time'],
    [79, 'in-time'],
    [80, 'near'],
    [99, 'near'],
    [100, 'over'],
    [1000, 'over'],
  ])('after %i of 100 seconds stand %s', (seconds, want) => {
    expect(clockState(iso(start), iso(start + 100_000), start + seconds * 1000)).toBe(want)
  })

  it('without a limit have no colour', () => {
    expect(clockState(iso(start), undefined, start)).toBe('none')
  })

  it.each([
    [0, '0:00'],
    [999, '0:00'],
    [65_000, '1:05'],
    [3_600_000, '1:00:00'],
    [3_723_000, '1:02:03'],
    [-65_000, '1:05'],
    [90_000_000, '25:00:00'],
  ])('%i ms read %s', (ms, want) => {
    expect(clockText(ms)).toBe(want)
  })
})
