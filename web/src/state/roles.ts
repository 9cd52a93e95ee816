// The roles, as the pages need them. What each may do is the server's: this
// decides what is offered, never what is done.
import type { Grant, Role } from '../api/identity'

/** All of them, in the order in which they are shown. */
export const roles: readonly Role[] = [
  'commander',
  'dispatcher',
  'community',
  'partner',
  'responder',
  'wall',
  'integration',
  'system_administrator',
  'security_administrator',
  'audit_administrator',
]

/** What nobody holds together: each administrator's duty, and all other work. */
export function dutyOf(role: Role): string {
  return role.endsWith('_administrator') ? role : 'work'
}

/** Whether roles stand apart: one account cannot hold them all. */
export function standApart(list: readonly Role[]): boolean {
  return new Set(list.map(dutyOf)).size > 1
}

/** Grants as they are shown: by role, then as the server gave them. */
export function inOrder<G extends Pick<Grant, 'role'>>(grants: readonly G[]): G[] {
  return [...grants].sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role))
}

export function hasRole(who: { roles: readonly Grant[] } | null, ...wanted: readonly Role[]): boolean {
  return who?.roles.some((g) => wanted.includes(g.role)) ?? false
}
