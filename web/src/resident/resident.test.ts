import { describe, expect, it } from 'vitest'
import type { IncidentType, Plan } from '../api/types'
import { fitted } from '../ui/photo'
import { parseOwn, tidyNumber, withReport } from './own'
import { callFirst, found, grouped } from './types'

const plan = (priority: Plan['priority'], hazard = false): Plan => ({
  id: 1,
  version: 1,
  priority,
  skills: [],
  quota: 1,
  hazard,
  hazard_affiliations: [],
  hazard_training: [],
  offer_seconds: 60,
  verify_seconds: 60,
  dispatch_seconds: 60,
  arrive_seconds: 60,
  resolve_seconds: 60,
  check_seconds: 60,
  checklist: [],
  units: [],
  send_first: false,
  over_offer: 1.5,
  waves: [],
  ladder: [],
  pair: false,
  welfare_seconds: 0,
  tell: [],
  working_hours: false,
  reach: [],
})
const base = { id: 1, version: 1 }
const types: IncidentType[] = [
  { ...base, code: 'security', family: 'security', name_zh: '社会安全', name_en: 'Security' },
  {
    ...base,
    code: 'security.fight',
    parent_code: 'security',
    family: 'security',
    name_zh: '打架斗殴',
    name_en: 'Fight',
    plan: plan('critical'),
  },
  { ...base, code: 'urban', family: 'urban', name_zh: '城市管理', name_en: 'Urban' },
  {
    ...base,
    code: 'urban.manhole',
    parent_code: 'urban',
    family: 'urban',
    name_zh: '井盖缺损',
    name_en: 'Broken manhole cover',
    plan: plan('normal'),
  },
  // under a group, and one that is out of use
  { ...base, code: 'urban.roads', parent_code: 'urban', family: 'urban', name_zh: '道路', name_en: 'Roads' },
  { ...base, code: 'urban.kerb', parent_code: 'urban.roads', family: 'urban', name_zh: '路沿', name_en: 'Kerb', plan: plan('low') },
  {
    ...base,
    code: 'urban.old',
    parent_code: 'urban',
    family: 'urban',
    name_zh: '旧井盖',
    name_en: 'Old manhole cover',
    plan: plan('low'),
    retired_at: '2026-01-01T00:00:00Z',
  },
  { ...base, code: 'empty', family: 'health', name_zh: '公共卫生', name_en: 'Health' },
]

describe('the type picker', () => {
  it('puts everyday matters first and leaves out empty groups', () => {
    expect(grouped(types).map((g) => g.parent.code)).toEqual(['urban', 'security'])
    expect(grouped(types)[0]?.types.map((x) => x.code)).toEqual(['urban.manhole', 'urban.kerb'])
  })

  it.each([
    ['井盖', ['urban.manhole']],
    ['MANHOLE cover', ['urban.manhole']],
    ['  ', []],
    ['无此类', []],
    ['公共卫生', []],
  ])('finds %s', (typed, want) => {
    expect(found(types, typed).map((t) => t.code)).toEqual(want)
  })

  it('says whom to call first where it cannot wait', () => {
    expect(types.map(callFirst)).toEqual([undefined, 'police', undefined, undefined, undefined, undefined, undefined, undefined])
    expect(callFirst({ ...base, code: 'x', family: 'accident', name_zh: '', name_en: '', plan: plan('normal', true) })).toBe('fire')
    expect(callFirst({ ...base, code: 'x', family: 'health', name_zh: '', name_en: '', plan: plan('critical') })).toBe('medical')
  })
})

describe('the own reports', () => {
  const report = (tracking: string) => ({ tracking, type_code: 'a', received_at: '2026-11-23T00:00:00Z' })

  it('are each kept once, the newest first, a bounded number', () => {
    let list = [report('A')]
    for (let n = 0; n < 40; n++) list = withReport(list, report(`N${n % 25}`))
    expect(list).toHaveLength(20)
    expect(new Set(list.map((r) => r.tracking)).size).toBe(20)
    expect(list[0]?.tracking).toBe('N14')
  })

  it.each([null, '', 'not json', '{}', '[1,null,{"tracking":5}]'])('survive a broken shelf: %s', (text) => {
    expect(parseOwn(text)).toEqual([])
  })

  it.each([
    ['abcd efgh jkmn', 'ABCD-EFGH-JKMN'],
    ['ABCD-EFGH-JKMN', 'ABCD-EFGH-JKMN'],
    [' ab-c ', 'ABC'],
    ['', ''],
  ])('are looked up however they are written: %s', (typed, want) => {
    expect(tidyNumber(typed)).toBe(want)
  })
})

describe('photos', () => {
  it.each([
    [4000, 3000, 1600, 1200],
    [3000, 4000, 1200, 1600],
    [800, 600, 800, 600],
    [10_000, 1, 1600, 1],
    [0, 0, 1, 1],
  ])('of %i x %i become %i x %i', (width, height, wantWidth, wantHeight) => {
    expect(fitted(width, height)).toEqual({ width: wantWidth, height: wantHeight })
  })
})
