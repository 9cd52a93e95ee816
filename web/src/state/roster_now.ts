// Who is on duty now, as a tree of areas whose counts are always the length of
// the list behind them.
import type { AreaForce, OnRoster, RosterDuty } from '../api/roster'
import type { Area, Responder } from '../api/types'

export interface Node {
  id: number
  name: string
  level: string
  depth: number
  onDuty: number
  onCall: number
  /** Communities below, this one included, in which nobody is. */
  empty: number
  communities: number
  hasChildren: boolean
}

export interface Present {
  id: number
  name: string
  kind: OnRoster['kind']
  until?: string
  areaId: number
  areaName: string
  /** Whether the duty itself has been read. */
  known: boolean
  self: boolean
  team: string
  teamId: number
  shift: string
  standsFor: string
  affiliations: readonly string[]
  phone: string
  task: string
}

/** The areas below some roots, each after its parent, those with nobody too. */
export function forceTree(areas: ReadonlyMap<number, Area>, forces: readonly AreaForce[], roots: readonly number[]): Node[] {
  const children = new Map<number, Area[]>()
  for (const a of areas.values()) {
    if (a.parent_id !== undefined) children.set(a.parent_id, [...(children.get(a.parent_id) ?? []), a])
  }
  const byArea = new Map(forces.map((f) => [f.area_id, f]))
  const nodes: Node[] = []
  const walk = (area: Area, depth: number): Node => {
    const own = byArea.get(area.id)
    const here = (own?.on_duty ?? 0) + (own?.on_call ?? 0)
    const community = area.level === 'community'
    const node: Node = {
      id: area.id,
      name: area.name,
      level: area.level,
      depth,
      onDuty: own?.on_duty ?? 0,
      onCall: own?.on_call ?? 0,
      communities: community ? 1 : 0,
      empty: community && here === 0 ? 1 : 0,
      hasChildren: (children.get(area.id) ?? []).length > 0,
    }
    nodes.push(node)
    const below = [...(children.get(area.id) ?? [])].sort((a, b) => a.code.localeCompare(b.code) || a.id - b.id)
    for (const child of below) {
      const sub = walk(child, depth + 1)
      node.onDuty += sub.onDuty
      node.onCall += sub.onCall
      node.empty += sub.empty
      node.communities += sub.communities
    }
    return node
  }
  for (const id of roots) {
    const area = areas.get(id)
    if (area) walk(area, 0)
  }
  return nodes
}

/** Whether an area is another or lies below it. */
export function within(areas: ReadonlyMap<number, Area>, id: number, root: number): boolean {
  for (let at: number | undefined = id, steps = 0; at !== undefined && steps < 10; at = areas.get(at)?.parent_id, steps++) {
    if (at === root) return true
  }
  return false
}

/** Everybody of an area and below, with what is known of them from elsewhere. */
export function presentIn(
  forces: readonly AreaForce[],
  inside: (areaId: number) => boolean,
  duties: ReadonlyMap<string, RosterDuty>,
  responders: ReadonlyMap<number, Responder>,
): Present[] {
  return forces
    .filter((f) => inside(f.area_id))
    .flatMap((f) =>
      f.people.map((p) => {
        const duty = duties.get(`${p.id} ${p.kind}`)
        const known = responders.get(p.id)
        return {
          id: p.id,
          name: p.name,
          kind: p.kind,
          until: p.until,
          areaId: f.area_id,
          areaName: f.area_name,
          known: duty !== undefined,
          self: duty?.origin === 'self',
          team: duty?.team_name ?? '',
          teamId: duty?.team_id ?? 0,
          shift: duty?.shift_name ?? '',
          standsFor: duty?.stands_for_name ?? '',
          affiliations: known?.affiliations ?? [],
          phone: known?.phone ?? '',
          task: known?.task?.state ?? '',
        }
      }),
    )
    .sort((a, b) => b.kind.localeCompare(a.kind) || a.areaId - b.areaId || a.teamId - b.teamId || a.id - b.id)
}

export interface NowFilter {
  text: string
  kind: '' | OnRoster['kind']
  team: string
  affiliation: string
}

export function filtered(list: readonly Present[], f: NowFilter): Present[] {
  const text = f.text.trim()
  return list.filter(
    (p) =>
      (!f.kind || p.kind === f.kind) &&
      (!f.team || p.team === f.team) &&
      (!f.affiliation || p.affiliations.includes(f.affiliation)) &&
      (!text || p.name.includes(text) || p.areaName.includes(text)),
  )
}

/** Duties by who works them and how, the one that lasts longest where there are several. */
export function dutiesByPerson(duties: readonly RosterDuty[]): Map<string, RosterDuty> {
  const map = new Map<string, RosterDuty>()
  for (const d of duties) {
    const key = `${d.responder_id} ${d.kind}`
    const held = map.get(key)
    if (!held || (held.ends_at !== undefined && (d.ends_at ?? '9') > held.ends_at)) map.set(key, d)
  }
  return map
}
