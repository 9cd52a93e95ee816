import { expect, it } from 'vitest'
import { changesOf, complete, draftsOf, everybody, filterOf, isNarrowed, paramsOf, tokenEnd } from './accounts'

const grant = (role: 'dispatcher' | 'commander', area_id: number) => ({ role, area_id, area_name: `area ${area_id}` })

it('says itself in the address, and comes back from it', () => {
  const filter = { q: '王', role: 'dispatcher', areaId: 12, state: 'disabled' } as const
  expect(filterOf(paramsOf(filter, 7))).toEqual(filter)
  expect(paramsOf(filter, 7).get('account')).toBe('7')
  expect(paramsOf(everybody).toString()).toBe('')
  expect([isNarrowed(everybody), isNarrowed(filter)]).toEqual([false, true])
})

it('takes nothing from an address that is none of its own', () => {
  expect(filterOf(new URLSearchParams('role=king&area=-3&state=gone'))).toEqual(everybody)
  expect(filterOf(new URLSearchParams('area=1.5'))).toEqual(everybody)
})

it('tells what a change of rights gives and takes', () => {
  const had = [grant('dispatcher', 2), grant('commander', 1)]
  const { given, taken } = changesOf(had, [
    { role: 'dispatcher', area_id: 2 },
    { role: 'dispatcher', area_id: 3 },
    { role: 'dispatcher', area_id: 3 },
    { role: 'commander', area_id: 0 },
  ])
  expect(given).toEqual([{ role: 'dispatcher', area_id: 3 }])
  expect(taken).toEqual([grant('commander', 1)])
  expect(changesOf(had, draftsOf(had))).toEqual({ given: [], taken: [] })
})

it('leaves out what has no area yet', () => {
  expect(complete([{ role: 'dispatcher', area_id: 0 }])).toEqual([])
})

it('ends a token within the year that the server allows', () => {
  const now = Date.parse('2026-05-01T00:00:00Z')
  expect(Date.parse(tokenEnd(365, now))).toBeLessThan(now + 365 * 86_400_000)
  expect(tokenEnd(30, now)).toBe('2026-05-30T23:59:00.000Z')
})
