import { expect, it } from 'vitest'
import type { Role } from '../api/identity'
import type { Session } from '../api/types'
import { viewKeys, viewsFor } from './views'

const as = (...roles: Role[]) => viewsFor({ roles: roles.map((role) => ({ role, area_id: 1, area_name: '' })) } as Session)

it.each<Role>(['commander', 'dispatcher', 'community'])('a %s begins at the map', (role) => {
  expect(as(role)).toEqual(expect.arrayContaining(['dispatch', 'registers', 'roster']))
  expect(as(role)[0]).toBe('dispatch')
  expect(as(role)).not.toContain('accounts')
})

it.each<[Role, boolean]>([
  ['commander', true],
  ['dispatcher', true],
  ['system_administrator', true],
  ['community', false],
  ['partner', false],
  ['audit_administrator', false],
])('a %s reads types and plans: %s', (role, reads) => {
  expect(as(role).includes('types')).toBe(reads)
})

it('the security administrator begins at the accounts and has no map', () => {
  expect(as('security_administrator')[0]).toBe('accounts')
  expect(as('security_administrator')).not.toContain('dispatch')
})

it('the audit administrator has the trail and the registers of personal data, neither map nor accounts', () => {
  expect(as('audit_administrator')).toEqual(['audit', 'privacy', 'me'])
})

it('everybody has their own account, and nothing else without a role for it', () => {
  for (const views of [as(), as('wall'), as('responder'), viewsFor(null)]) expect(views).toEqual(['me'])
})

it("a unit's people have its orders and nothing else", () => {
  expect(viewsFor({ unit_id: 3, roles: [{ role: 'partner', area_id: 1, area_name: '' }] } as unknown as Session)).toEqual(['orders', 'me'])
})

it('has a key of its own for each view', () => {
  const keys = Object.values(viewKeys)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys).not.toContain('l') // locks
})
