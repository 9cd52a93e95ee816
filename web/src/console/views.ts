// The console's views and the address: which one is shown, and what each says
// about itself there, so that an address can be shared and Back works.
import { computed, ref } from 'vue'
import type { Role } from '../api/identity'
import type { Session } from '../api/types'
import { hasRole } from '../state/roles'

export const viewNames = [
  'dispatch',
  'orders',
  'callups',
  'registers',
  'roster',
  'types',
  'figures',
  'imports',
  'accounts',
  'audit',
  'privacy',
  'me',
] as const
export type ViewName = (typeof viewNames)[number]

/** The key that follows g. */
export const viewKeys: Record<ViewName, string> = {
  dispatch: 'd',
  orders: 'o',
  callups: 'c',
  registers: 'r',
  roster: 'z',
  types: 't',
  figures: 'f',
  imports: 'i',
  accounts: 'a',
  privacy: 'p',
  audit: 'u',
  me: 'm',
}

/** Who has which view; all have the others. */
const viewRoles: Partial<Record<ViewName, readonly Role[]>> = {
  dispatch: ['commander', 'dispatcher', 'community', 'partner', 'system_administrator'],
  orders: ['commander', 'dispatcher', 'community'],
  callups: ['commander', 'dispatcher'],
  registers: ['commander', 'dispatcher', 'community', 'partner', 'system_administrator'],
  roster: ['commander', 'dispatcher', 'community', 'system_administrator'],
  types: ['commander', 'dispatcher', 'system_administrator'],
  figures: ['commander', 'dispatcher', 'community'],
  imports: ['system_administrator'],
  accounts: ['security_administrator'],
  privacy: ['commander', 'system_administrator', 'security_administrator', 'audit_administrator'],
  audit: ['audit_administrator'],
}

export function viewOf(search: string): ViewName {
  const asked = new URLSearchParams(search).get('view')
  return viewNames.find((v) => v === asked) ?? 'dispatch'
}

/** The views an account has; the first of them is where it begins. */
export function viewsFor(session: Session | null): ViewName[] {
  if (session?.unit_id) return ['orders', 'me'] // a unit's people work on its orders
  return viewNames.filter((v) => viewRoles[v]?.some((role) => hasRole(session, role)) ?? true)
}

const shown = ref<ViewName>(viewOf(location.search))
const searches: Partial<Record<ViewName, string>> = { [shown.value]: location.search }

/** The view that is shown. */
export const view = computed(() => shown.value)
/** Counts the addresses that came from outside: a view reads its own again. */
export const arrivals = ref(0)

/** Shows a view as it was left, or with what it is asked for. */
export function show(next: ViewName, asked?: Record<string, string>): void {
  const search = asked ? searchOf(next, new URLSearchParams(asked)) : (searches[next] ?? searchOf(next, new URLSearchParams()))
  if (next === shown.value && !asked) return
  searches[next] = search
  history.pushState(null, '', search || location.pathname)
  shown.value = next
  if (asked) arrivals.value++
}

/** What a view says about itself in the address; kept for its return where it is not shown. */
export function remember(which: ViewName, params: URLSearchParams): void {
  const search = searchOf(which, params)
  searches[which] = search
  if (which === shown.value) history.replaceState(null, '', search || location.pathname)
}

/** The part of the address that is a view's own. */
export function own(which: ViewName): URLSearchParams {
  const params = new URLSearchParams(searches[which] ?? '')
  params.delete('view')
  return params
}

function searchOf(which: ViewName, params: URLSearchParams): string {
  const all = new URLSearchParams()
  if (which !== 'dispatch') all.set('view', which)
  for (const [k, v] of params) if (k !== 'view') all.append(k, v)
  const text = all.toString()
  return text ? `?${text}` : ''
}

window.addEventListener('popstate', () => {
  const next = viewOf(location.search)
  searches[next] = location.search
  shown.value = next
  arrivals.value++
})
