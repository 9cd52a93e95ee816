import { describe, expect, it } from 'vitest'
import type { AreaForce } from '../api/roster'
import type { Area } from '../api/types'
import { mayIn, rootsOf } from './roster_access'
import { readAddress, writeAddress } from './roster_address'
import { groupGaps, strip } from './roster_gaps'
import { filtered, forceTree, presentIn, within } from './roster_now'

const area = (id: number, level: Area['level'], parent_id?: number): Area => ({
  id,
  level,
  parent_id,
  name: `区${id}`,
  code: String(id),
  aliases: [],
  has_boundary: false,
  version: 1,
})
const areas = new Map(
  [
    area(1, 'district'),
    area(2, 'street', 1),
    area(3, 'street', 1),
    area(10, 'community', 2),
    area(11, 'community', 2),
    area(12, 'community', 3),
  ].map((a) => [a.id, a]),
)
const force = (area_id: number, duty: number[], call: number[]): AreaForce => ({
  area_id,
  area_name: `区${area_id}`,
  level: 'community',
  on_duty: duty.length,
  on_call: call.length,
  people: [
    ...duty.map((id) => ({ id, name: `人${id}`, kind: 'on_duty' as const })),
    ...call.map((id) => ({ id, name: `人${id}`, kind: 'on_call' as const })),
  ],
})
const forces = [force(10, [100, 101], [102]), force(11, [], []), force(12, [103], []), force(2, [104], [])]

describe('who is on now', () => {
  const tree = forceTree(areas, forces, [1])
  it('has each area after its parent', () => {
    expect(tree.map((n) => [n.id, n.depth])).toEqual([
      [1, 0],
      [2, 1],
      [10, 2],
      [11, 2],
      [3, 1],
      [12, 2],
    ])
  })
  it('counts what its list holds', () => {
    for (const n of tree) {
      const list = presentIn(forces, (id) => within(areas, id, n.id), new Map(), new Map())
      expect([n.id, list.filter((p) => p.kind === 'on_duty').length, list.filter((p) => p.kind === 'on_call').length]).toEqual([
        n.id,
        n.onDuty,
        n.onCall,
      ])
    }
    expect(tree[0]).toMatchObject({ onDuty: 4, onCall: 1, empty: 1, communities: 3 })
  })
  it('shows a community with nobody', () => {
    expect(tree.find((n) => n.id === 11)?.empty).toBe(1)
  })
  it('is filtered by all that is asked', () => {
    const list = presentIn(forces, () => true, new Map(), new Map())
    expect(filtered(list, { text: '', kind: 'on_call', team: '', affiliation: '' }).map((p) => p.id)).toEqual([102])
    expect(filtered(list, { text: '人103', kind: '', team: '', affiliation: '' }).map((p) => p.id)).toEqual([103])
    expect(filtered(list, { text: '', kind: '', team: '甲', affiliation: '' })).toEqual([])
  })
})

describe('gaps', () => {
  const gap = (area_id: number, starts_at: string, ends_at: string) => ({
    area_id,
    area_name: '',
    starts_at,
    ends_at,
    hours: (Date.parse(ends_at) - Date.parse(starts_at)) / 3_600_000,
  })
  const from = '2026-12-30T10:00:00Z'
  const to = '2027-01-06T10:00:00Z'
  it('lie on whole days of Beijing, over the end of a year', () => {
    expect(strip(from, to)).toEqual({ from: Date.parse('2026-12-29T16:00:00Z'), to: Date.parse('2027-01-06T16:00:00Z'), days: 8 })
  })
  it('are grouped by area, the longest first', () => {
    const groups = groupGaps(
      [gap(1, from, '2026-12-30T16:00:00Z'), gap(2, from, '2026-12-31T16:00:00Z'), gap(1, '2027-01-01T16:00:00Z', '2027-01-01T20:00:00Z')],
      from,
      to,
    )
    expect(groups.map((g) => [g.id, g.hours, g.stretches.length])).toEqual([
      [2, 30, 1],
      [1, 10, 2],
    ])
    expect(groups[1]?.stretches[0]).toMatchObject({ left: (18 / 192) * 100, width: (6 / 192) * 100 })
    expect(groups[1]?.stretches[1]?.left).toBeCloseTo(37.5)
  })
})

describe('the address', () => {
  it.each([
    ['', { tab: 'now', area: 0, team: 0, week: '', open: '' }],
    [
      'tab=week&area=2&team=7&week=2027-01-01&open=9.2027-01-01',
      { tab: 'week', area: 2, team: 7, week: '2026-12-28', open: '9.2027-01-01' },
    ],
    ['tab=nonsense&area=-1&team=x&week=2026-02-30&open=9', { tab: 'now', area: 0, team: 0, week: '', open: '' }],
  ])('%s is read', (text, want) => {
    expect(readAddress(new URLSearchParams(text))).toEqual(want)
  })
  it('is what was written', () => {
    const a = { tab: 'gaps', area: 3, team: 0, week: '2026-12-28', open: '' } as const
    expect(readAddress(new URLSearchParams(writeAddress(a)))).toEqual(a)
    expect(writeAddress(a)).not.toHaveProperty('team')
  })
})

describe('what roles allow', () => {
  const roles = (...list: [string, number][]) =>
    list.map(([role, area_id]) => ({ role, area_id, area_name: '' })) as Parameters<typeof rootsOf>[0]
  it.each([
    ['dispatcher', 2, 'roster', 10, true],
    ['dispatcher', 2, 'roster', 12, false],
    ['dispatcher', 2, 'administer', 10, false],
    ['system_administrator', 1, 'administer', 12, true],
    ['wall', 1, 'see', 10, false],
  ] as const)('%s of %i may %s in %i: %s', (role, root, action, id, want) => {
    expect(mayIn(roles([role, root]), areas, action, id)).toBe(want)
  })
  it('names no area twice', () => {
    expect(rootsOf(roles(['dispatcher', 2], ['commander', 1], ['dispatcher', 1]), areas, 'see')).toEqual([1])
  })
})
