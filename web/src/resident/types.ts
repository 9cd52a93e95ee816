// What can be reported, in the order residents need it. Pure.
import type { IncidentType } from '../api/types'

export interface Group {
  parent: IncidentType
  types: IncidentType[]
}

/** Everyday matters first; for the rest one calls anyway. */
const order: readonly string[] = ['urban', 'service', 'accident', 'natural', 'health', 'security']

/** Types in use that can be reported, under their families. */
export function grouped(all: readonly IncidentType[]): Group[] {
  return all
    .filter((t) => t.parent_code === undefined)
    .map((parent) => ({ parent, types: all.filter((t) => t.family === parent.family && t.plan && !t.retired_at) }))
    .filter((g) => g.types.length > 0)
    .sort((a, b) => order.indexOf(a.parent.family) - order.indexOf(b.parent.family))
}

/** Types whose name holds all that was typed, in either language. */
export function found(all: readonly IncidentType[], typed: string): IncidentType[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return all.filter((t) => t.plan && !t.retired_at && words.every((w) => `${t.name_zh} ${t.name_en}`.toLowerCase().includes(w)))
}

/** Whom to call before reporting, where it cannot wait. */
export function callFirst(type: IncidentType): 'fire' | 'medical' | 'police' | undefined {
  const urgent = type.plan?.priority === 'critical' || type.plan?.hazard
  if (!urgent) return undefined
  if (type.family === 'health') return 'medical'
  return type.family === 'security' ? 'police' : 'fire'
}

export const numberOf = { fire: '119', medical: '120', police: '110' } as const
