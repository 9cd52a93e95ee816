// The lists of registers (台账): what is asked for, what is marked, what an edit
// would do. Pure functions; the address is the filter's other form.
import type { Area, RegisterColumn, RegisterRow } from '../api/types'

/** The registers that have a list of their own; duties have their own view. */
export const listed = ['areas', 'units', 'compounds', 'buildings', 'facilities', 'cameras', 'sites', 'devices', 'responders'] as const
export type Noun = (typeof listed)[number]

/** What a list is narrowed to. */
export interface Filter {
  readonly noun: Noun
  readonly q: string
  readonly areaId: number
  /** Field to value, of columns that are chosen from a list. */
  readonly where: Readonly<Record<string, string>>
  readonly retired: boolean
}

export const wholeList = (noun: Noun): Filter => ({ noun, q: '', areaId: 0, where: {}, retired: false })

/** Reads a filter from an address; what it does not know it leaves out. */
export function filterOf(params: URLSearchParams): Filter {
  const noun = listed.find((n) => n === params.get('noun')) ?? 'facilities'
  const where: Record<string, string> = {}
  for (const part of params.getAll('where')) {
    const at = part.indexOf(':')
    if (at > 0 && at < part.length - 1) where[part.slice(0, at)] = part.slice(at + 1)
  }
  const areaId = Number(params.get('area'))
  return {
    noun,
    q: (params.get('q') ?? '').slice(0, 64),
    areaId: Number.isSafeInteger(areaId) && areaId > 0 ? areaId : 0,
    where,
    retired: params.get('retired') === 'true',
  }
}

/** Writes a filter into an address, with the row whose card is open. */
export function paramsOf(f: Filter, row?: number): URLSearchParams {
  const params = new URLSearchParams({ noun: f.noun })
  if (f.q) params.set('q', f.q)
  if (f.areaId) params.set('area', String(f.areaId))
  for (const [field, value] of sorted(f.where)) params.append('where', `${field}:${value}`)
  if (f.retired) params.set('retired', 'true')
  if (row) params.set('row', String(row))
  return params
}

/** The same filter as the API is asked for it. */
export function queryOf(f: Filter): URLSearchParams {
  const params = new URLSearchParams()
  if (f.q.trim()) params.set('q', f.q.trim())
  if (f.areaId) params.set('area_id', String(f.areaId))
  for (const [field, value] of sorted(f.where)) params.append('where', `${field}:${value}`)
  if (f.retired) params.set('retired', 'true')
  return params
}

const sorted = (where: Readonly<Record<string, string>>) => Object.entries(where).sort(([a], [b]) => (a < b ? -1 : 1))

/** Whether a filter shows less than everything in use. */
export const isNarrowed = (f: Filter): boolean => f.q.trim() !== '' || f.areaId !== 0 || f.retired || Object.keys(f.where).length > 0

/** What is marked, and from where a range goes on. */
export interface Marks {
  readonly ids: ReadonlySet<number>
  readonly anchor: number | undefined
}

export const noMarks: Marks = { ids: new Set(), anchor: undefined }

/** How many rows one edit takes. */
export const mostMarked = 1000

export function toggle(marks: Marks, id: number): Marks {
  const ids = new Set(marks.ids)
  if (ids.has(id)) ids.delete(id)
  else if (ids.size < mostMarked) ids.add(id)
  return { ids, anchor: id }
}

/** Marks everything between the anchor and a row, both with it, in the order shown. */
export function extend(marks: Marks, order: readonly number[], id: number): Marks {
  const from = marks.anchor === undefined ? -1 : order.indexOf(marks.anchor)
  const to = order.indexOf(id)
  if (from < 0 || to < 0) return toggle(marks, id)
  const ids = new Set(marks.ids)
  for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) if (ids.size < mostMarked) ids.add(each)
  return { ids, anchor: marks.anchor }
}

/** Marks all that are shown, as many as one edit takes; none where all were. */
export function toggleAll(marks: Marks, order: readonly number[]): Marks {
  const most = order.slice(0, mostMarked)
  if (most.length > 0 && most.every((id) => marks.ids.has(id))) return noMarks
  return { ids: new Set(most), anchor: undefined }
}

/** Forgets marks of rows that are no longer shown. */
export function keepShown(marks: Marks, order: readonly number[]): Marks {
  const shown = new Set(order)
  const ids = new Set([...marks.ids].filter((id) => shown.has(id)))
  return ids.size === marks.ids.size
    ? marks
    : { ids, anchor: marks.anchor !== undefined && shown.has(marks.anchor) ? marks.anchor : undefined }
}

/** How many of the rows a new value would change, and how many have it already. */
export function effectOf(rows: readonly RegisterRow[], field: string, value: string): { changed: number; same: number } {
  const same = rows.filter((r) => textOf(r, field) === value).length
  return { changed: rows.length - same, same }
}

/** Which fields of a row differ from what was typed. */
export function changesOf(row: RegisterRow, typed: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([field, value]) => value.trim() !== textOf(row, field)))
}

/** A field of a row, its attributes too. */
export function textOf(row: RegisterRow, field: string): string {
  if (field.startsWith('attributes.')) return attributesOf(row)[field.slice('attributes.'.length)] ?? ''
  return row.values[field] ?? ''
}

/** What a facility or device is described by besides. */
export function attributesOf(row: RegisterRow): Record<string, string> {
  const text = row.values.attributes
  if (!text) return {}
  try {
    const read: unknown = JSON.parse(text)
    if (!read || typeof read !== 'object') return {}
    return Object.fromEntries(Object.entries(read).map(([k, v]) => [k, String(v)]))
  } catch {
    return {}
  }
}

/** The word for a value that is chosen from a list; a measured number without its last digits; any other as it is. */
export function shown(column: RegisterColumn, value: string, comma = '、'): string {
  const word = (v: string) => column.choices?.find((c) => c.value === v)?.title ?? v
  if (column.kind === 'choice') return word(value)
  if (column.kind === 'choices') return parts(value).map(word).join(comma)
  if (column.kind === 'number' && value !== '' && Number.isFinite(Number(value))) return String(Math.round(Number(value) * 10) / 10)
  return value
}

/** The parts of a value that is several. */
export const parts = (value: string): string[] => value.split(/[、,，;；]/).filter((p) => p !== '')

/** The areas one can choose from, street by street, each with its depth. */
export function areaOptions(areas: ReadonlyMap<number, Area>): { id: number; name: string; depth: number }[] {
  const below = new Map<number, Area[]>()
  for (const a of areas.values()) {
    if (a.level === 'grid') continue
    const list = below.get(a.parent_id ?? 0) ?? []
    list.push(a)
    below.set(a.parent_id ?? 0, list)
  }
  const options: { id: number; name: string; depth: number }[] = []
  const add = (list: readonly Area[], depth: number) => {
    for (const a of [...list].sort((x, y) => (x.code < y.code ? -1 : x.code > y.code ? 1 : x.id - y.id))) {
      options.push({ id: a.id, name: a.name, depth })
      add(below.get(a.id) ?? [], depth + 1)
    }
  }
  // Where somebody sees a part of the tree, its tops are those whose parents they do not see.
  add(
    [...areas.values()].filter((a) => a.level !== 'grid' && !areas.has(a.parent_id ?? 0)),
    0,
  )
  return options
}
