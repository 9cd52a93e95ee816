import { expect, it } from 'vitest'
import type { Role } from '../api/identity'
import { en } from '../i18n/en'
import { zh } from '../i18n/zh'
import { hasRole, inOrder, roles, standApart } from './roles'

const grant = (role: Role, area_id = 1) => ({ role, area_id, area_name: '' })

it('has a name for each role, in both languages, and for no other', () => {
  for (const texts of [zh, en]) expect(Object.keys(texts.common.role)).toEqual(roles)
})

it.each<[Role[], boolean]>([
  [[], false],
  [['commander', 'dispatcher', 'responder'], false],
  [['security_administrator', 'security_administrator'], false],
  [['security_administrator', 'audit_administrator'], true],
  [['dispatcher', 'system_administrator'], true],
])('tells whether %j stand apart', (list, apart) => expect(standApart(list)).toBe(apart))

it('shows the weightiest role first', () => {
  expect(
    inOrder([grant('responder'), grant('dispatcher', 3), grant('commander'), grant('dispatcher', 2)]).map((g) => [g.role, g.area_id]),
  ).toEqual([
    ['commander', 1],
    ['dispatcher', 3],
    ['dispatcher', 2],
    ['responder', 1],
  ])
})

it('knows who has a role', () => {
  expect(hasRole({ roles: [grant('wall')] }, 'commander', 'wall')).toBe(true)
  expect(hasRole({ roles: [grant('wall')] }, 'commander')).toBe(false)
  expect(hasRole(null, 'wall')).toBe(false)
})
