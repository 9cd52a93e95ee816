import { describe, expect, it } from 'vitest'
import type { ImportResult } from '../api/types'
import { choose, columnsAs, countedOf, differs, faultOf, isGoing, mostMegabytes, partOf, phaseOf } from './imports'

const result = (rows: number): ImportResult => ({
  changed: 0,
  columns: [],
  created: 0,
  format: { kind: 'csv' },
  notes: [],
  points: [],
  problems: [],
  refused: 0,
  retired: 0,
  rows,
  sample: [],
  unchanged: 0,
  warned: 0,
  written: false,
})

describe('a file', () => {
  it.each([
    ['设施.XLSX', 10, undefined],
    ['a.geojson', 10, undefined],
    ['a.csv', mostMegabytes << 20, undefined],
    ['a.csv', (mostMegabytes << 20) + 1, 'too_large'],
    ['a.csv', 0, 'empty'],
    ['a.xls', 10, 'old_excel'],
    ['a.pdf', 10, 'wrong_type'],
    ['csv', 10, 'wrong_type'],
  ])('%s of %d bytes: %s', (name, size, want) => expect(faultOf({ name, size })).toBe(want))
})

describe('the steps', () => {
  it.each([
    ['uploaded', 'reading', true],
    ['checking', 'reading', true],
    ['checked', 'preview', false],
    ['writing', 'writing', true],
    ['done', 'done', false],
    ['failed', 'unreadable', false],
    ['cancelled', 'stopped', false],
    ['undone', 'undone', false],
  ] as const)('%s is shown as %s', (state, phase, going) => {
    expect(phaseOf({ state, result: result(1) })).toBe(phase)
    expect(isGoing({ state })).toBe(going)
  })
  it('show no preview before there is one', () => expect(phaseOf({ state: 'checked' })).toBe('reading'))
  it('say how far the writing is', () => {
    expect(partOf({ rows_read: 50, result: result(200) })).toBe(0.25)
    expect(partOf({ rows_read: 300, result: result(200) })).toBe(1)
    expect(partOf({ rows_read: 5 })).toBeUndefined()
  })
})

describe('columns', () => {
  const columns = [{ title: '名字', field: 'name' }, { title: '备注' }, { title: '经度', field: 'lon' }, { title: '' }]
  it('stay as recognised', () => expect(columnsAs(columns, {})).toEqual({ name: '名字', lon: '经度' }))
  it('are taken for another field', () =>
    expect(columnsAs(columns, { 1: 'address' })).toEqual({ name: '名字', lon: '经度', address: '备注' }))
  it('are left out', () => expect(columnsAs(columns, { 2: '' })).toEqual({ name: '名字', lon: '' }))
  it('give a field to one column alone', () => {
    const chosen = choose(columns, {}, 1, 'name')
    expect(chosen).toEqual({ 0: '', 1: 'name' })
    expect(columnsAs(columns, chosen)).toEqual({ name: '备注', lon: '经度' })
  })
})

it('options that mean the same need no new check', () => {
  expect(differs({ datum: 'wgs84', srid: 0, columns: { a: 'x', b: 'y' } }, { columns: { b: 'y', a: 'x' }, strict: true })).toBe(false)
  expect(differs({ datum: 'gcj02' }, {})).toBe(true)
  expect(differs({ columns: { a: '' } }, {})).toBe(true)
})

it('problems are counted, the most frequent first', () => {
  expect(countedOf({ off_road: 2, required: 5 })).toEqual([
    ['required', 5],
    ['off_road', 2],
  ])
  expect(countedOf(undefined)).toEqual([])
})
