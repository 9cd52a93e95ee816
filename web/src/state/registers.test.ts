import { describe, expect, it } from 'vitest'
import type { Area, RegisterColumn, RegisterRow } from '../api/types'
import {
  areaOptions,
  attributesOf,
  changesOf,
  effectOf,
  extend,
  filterOf,
  isNarrowed,
  keepShown,
  mostMarked,
  noMarks,
  paramsOf,
  queryOf,
  shown,
  toggle,
  toggleAll,
  wholeList,
} from './registers'

const row = (id: number, values: Record<string, string>): RegisterRow => ({
  id,
  version: 1,
  area_name: '',
  updated_at: '2026-05-01T00:00:00Z',
  values,
})

describe('the filter and the address', () => {
  const filter = { noun: 'cameras' as const, q: '东门 A&B', areaId: 12, where: { place_category: 'main_road', kind: 'a:b' }, retired: true }

  it('are two forms of one thing', () => {
    expect(filterOf(paramsOf(filter))).toEqual(filter)
    expect(filterOf(new URLSearchParams(paramsOf(filter, 7).toString()))).toEqual(filter)
    expect(paramsOf(filter, 7).get('row')).toBe('7')
  })
  it('say nothing of what is not narrowed', () => {
    expect(paramsOf(wholeList('units')).toString()).toBe('noun=units')
    expect(isNarrowed(wholeList('units'))).toBe(false)
    expect(isNarrowed({ ...wholeList('units'), retired: true })).toBe(true)
  })
  it('leave out what is not understood', () => {
    expect(filterOf(new URLSearchParams('noun=passwords&area=x&where=kind&where=:a&where=kind:&retired=1'))).toEqual(
      wholeList('facilities'),
    )
    expect(filterOf(new URLSearchParams('area=-4')).areaId).toBe(0)
  })
  it('ask the API for the same', () => {
    expect(queryOf(filter).toString()).toBe(
      new URLSearchParams([
        ['q', '东门 A&B'],
        ['area_id', '12'],
        ['where', 'kind:a:b'],
        ['where', 'place_category:main_road'],
        ['retired', 'true'],
      ]).toString(),
    )
  })
})

describe('marks', () => {
  const order = [5, 3, 9, 7, 1]
  it('go on and off one by one', () => {
    const one = toggle(noMarks, 3)
    expect([...one.ids]).toEqual([3])
    expect([...toggle(one, 3).ids]).toEqual([])
    expect(noMarks.ids.size).toBe(0)
  })
  it('extend in the order shown, in both directions', () => {
    expect([...extend(toggle(noMarks, 3), order, 7).ids]).toEqual([3, 9, 7])
    expect(new Set(extend(toggle(noMarks, 7), order, 5).ids)).toEqual(new Set([5, 3, 9, 7]))
  })
  it('extend again from the same anchor', () => {
    const first = extend(toggle(noMarks, 3), order, 9)
    expect(new Set(extend(first, order, 1).ids)).toEqual(new Set([3, 9, 7, 1]))
  })
  it('begin anew where the anchor is gone', () => {
    expect([...extend(toggle(noMarks, 42), order, 9).ids].includes(9)).toBe(true)
    expect(extend(toggle(noMarks, 42), order, 9).anchor).toBe(9)
  })
  it('take all, then none', () => {
    const all = toggleAll(toggle(noMarks, 3), order)
    expect(all.ids.size).toBe(5)
    expect(toggleAll(all, order).ids.size).toBe(0)
    expect(toggleAll(noMarks, []).ids.size).toBe(0)
  })
  it('are no more than one edit takes', () => {
    const many = Array.from({ length: mostMarked + 5 }, (_, k) => k + 1)
    expect(toggleAll(noMarks, many).ids.size).toBe(mostMarked)
    expect(toggle(toggleAll(noMarks, many), mostMarked + 3).ids.size).toBe(mostMarked)
    expect(extend(toggle(noMarks, 1), many, mostMarked + 5).ids.size).toBe(mostMarked)
  })
  it('stay with what is shown', () => {
    const marks = extend(toggle(noMarks, 5), order, 9)
    expect([...keepShown(marks, [3, 4]).ids]).toEqual([3])
    expect(keepShown(marks, order)).toBe(marks)
  })
})

describe('an edit', () => {
  it('says how many it would change', () => {
    const rows = [row(1, { vehicle: 'car' }), row(2, { vehicle: 'foot' }), row(3, {})]
    expect(effectOf(rows, 'vehicle', 'car')).toEqual({ changed: 2, same: 1 })
    expect(effectOf(rows, 'vehicle', '')).toEqual({ changed: 2, same: 1 })
  })
  it('sends only what differs', () => {
    const r = row(1, { name: '东门', attributes: '{"hours":"全天"}' })
    expect(changesOf(r, { name: '东门 ', address: '', 'attributes.hours': '08:00-18:00' })).toEqual({ 'attributes.hours': '08:00-18:00' })
  })
})

describe('values', () => {
  const column = (kind: RegisterColumn['kind']): RegisterColumn => ({
    field: 'x',
    title: '',
    kind,
    editable: true,
    required: false,
    note: '',
    choices: [
      { value: 'a', title: '甲' },
      { value: 'b', title: '乙' },
    ],
  })
  it('are shown in words', () => {
    expect(shown(column('choice'), 'a')).toBe('甲')
    expect(shown(column('choice'), 'z')).toBe('z')
    expect(shown(column('choices'), 'a、b')).toBe('甲、乙')
    expect(shown(column('choices'), 'a、b', ', ')).toBe('甲, 乙')
    expect(shown(column('text'), 'a')).toBe('a')
    expect(shown(column('number'), '71.03531')).toBe('71')
    expect(shown(column('number'), '57.4801')).toBe('57.5')
    expect(shown(column('number'), '')).toBe('')
  })
  it('of attributes are read, and a broken text is none', () => {
    expect(attributesOf(row(1, { attributes: '{"floor":"6","n":3}' }))).toEqual({ floor: '6', n: '3' })
    expect(attributesOf(row(1, { attributes: '{' }))).toEqual({})
    expect(attributesOf(row(1, {}))).toEqual({})
  })
})

it('areas are offered street by street, grids left out', () => {
  const area = (id: number, level: Area['level'], code: string, parent_id?: number): Area => ({
    id,
    level,
    code,
    name: `n${id}`,
    aliases: [],
    version: 1,
    has_boundary: false,
    ...(parent_id ? { parent_id } : {}),
  })
  const list = [
    area(1, 'district', '1'),
    area(2, 'street', '12', 1),
    area(3, 'street', '11', 1),
    area(4, 'community', '121', 2),
    area(5, 'grid', '1211', 4),
  ]
  const map = (l: Area[]) => new Map(l.map((a) => [a.id, a]))
  expect(areaOptions(map(list)).map((o) => [o.id, o.depth])).toEqual([
    [1, 0],
    [3, 1],
    [2, 1],
    [4, 2],
  ])
  expect(areaOptions(map(list.slice(1, 4))).map((o) => [o.id, o.depth])).toEqual([
    [3, 0],
    [2, 0],
    [4, 1],
  ])
})
