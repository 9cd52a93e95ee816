// What the signed-in person's roles allow in rosters. It decides what is
// offered; the server decides what is done.
import type { Area, Session } from '../api/types'
import { within } from './roster_now'

const allowed = {
  see: ['commander', 'dispatcher', 'community', 'system_administrator'],
  roster: ['commander', 'dispatcher', 'system_administrator'],
  administer: ['system_administrator'],
  dispatch: ['commander', 'dispatcher'],
} as const
export type RosterAction = keyof typeof allowed

type Roles = Session['roles']

/** The areas at whose roots an action is allowed, none below another. */
export function rootsOf(roles: Roles, areas: ReadonlyMap<number, Area>, action: RosterAction): number[] {
  const names: readonly string[] = allowed[action]
  const ids = [...new Set(roles.filter((r) => names.includes(r.role)).map((r) => r.area_id))]
  return ids.filter((id) => !ids.some((other) => other !== id && within(areas, id, other)))
}

export function mayIn(roles: Roles, areas: ReadonlyMap<number, Area>, action: RosterAction, areaId: number): boolean {
  return rootsOf(roles, areas, action).some((root) => within(areas, areaId, root))
}
