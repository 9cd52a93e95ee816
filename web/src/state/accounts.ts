// The list of accounts: what it is narrowed to, as the address says it; what a
// change of rights changes; until when a token holds.
import type { Account, Grant, Role } from '../api/identity'
import { roles } from './roles'

export interface AccountFilter {
  q: string
  role: Role | ''
  areaId: number
  state: '' | 'enabled' | 'disabled'
}

export const everybody: AccountFilter = { q: '', role: '', areaId: 0, state: '' }

export function filterOf(params: URLSearchParams): AccountFilter {
  const area = Number(params.get('area'))
  const state = params.get('state')
  return {
    q: params.get('q') ?? '',
    role: roles.find((r) => r === params.get('role')) ?? '',
    areaId: Number.isSafeInteger(area) && area > 0 ? area : 0,
    state: state === 'enabled' || state === 'disabled' ? state : '',
  }
}

export function paramsOf(filter: AccountFilter, chosen?: number): URLSearchParams {
  const params = new URLSearchParams()
  if (filter.q) params.set('q', filter.q)
  if (filter.role) params.set('role', filter.role)
  if (filter.areaId) params.set('area', String(filter.areaId))
  if (filter.state) params.set('state', filter.state)
  if (chosen) params.set('account', String(chosen))
  return params
}

export const isNarrowed = (f: AccountFilter): boolean => f.q !== '' || f.role !== '' || f.areaId !== 0 || f.state !== ''

/** A right as it is being chosen: an area of 0 is not chosen yet. */
export interface Draft {
  role: Role
  area_id: number
}

const keyOf = (g: Draft) => `${g.role} ${g.area_id}`

export function draftsOf(grants: readonly Grant[]): Draft[] {
  return grants.map(({ role, area_id }) => ({ role, area_id }))
}

/** Each right once, those without an area left out. */
export function complete(drafts: readonly Draft[]): Draft[] {
  return [...new Map(drafts.filter((d) => d.area_id > 0).map((d) => [keyOf(d), d])).values()]
}

/** What would be given and what taken away. */
export function changesOf(grants: readonly Grant[], drafts: readonly Draft[]): { given: Draft[]; taken: Grant[] } {
  const wanted = complete(drafts)
  const had = new Set(grants.map(keyOf))
  const kept = new Set(wanted.map(keyOf))
  return { given: wanted.filter((d) => !had.has(keyOf(d))), taken: grants.filter((g) => !kept.has(keyOf(g))) }
}

/** Puts an account that was changed where it stands in a list. */
export function replaced(list: readonly Account[], changed: Account): Account[] {
  return list.map((a) => (a.id === changed.id ? changed : a))
}

/** How long tokens may hold, in days. */
export const tokenDays = [30, 90, 180, 365] as const

/** The end of a token's time: at most a year ahead, a minute left for the way to the server. */
export function tokenEnd(days: number, now: number): string {
  return new Date(now + days * 86_400_000 - 60_000).toISOString()
}
