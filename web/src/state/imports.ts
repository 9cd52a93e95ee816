// An import's way from a file to a register: what may be done at each step, and
// what the choices made on the screen mean to the server. Pure functions.
import type { Import, ImportDetail, ImportOptions } from '../api/types'

/** The registers in the order in which a district brings them in. */
export const importable = [
  'areas',
  'units',
  'compounds',
  'buildings',
  'facilities',
  'cameras',
  'sites',
  'devices',
  'responders',
  'roster',
  'type_codes',
] as const

/** What the server takes in one file. */
export const mostMegabytes = 64

export type FileFault = 'too_large' | 'old_excel' | 'wrong_type' | 'empty'

/** Why a file need not be sent at all; what is in it the server finds out. */
export function faultOf(file: { name: string; size: number }): FileFault | undefined {
  const ending = /\.([^.]+)$/.exec(file.name.toLowerCase())?.[1] ?? ''
  if (file.size === 0) return 'empty'
  if (ending === 'xls' || ending === 'et') return 'old_excel'
  if (!['csv', 'txt', 'tsv', 'xlsx', 'xlsm', 'json', 'geojson'].includes(ending)) return 'wrong_type'
  if (file.size > mostMegabytes << 20) return 'too_large'
  return undefined
}

/** What the screen shows of an import. */
export type Phase = 'reading' | 'preview' | 'unreadable' | 'writing' | 'done' | 'stopped' | 'undone'

export function phaseOf(i: Pick<ImportDetail, 'state' | 'result'>): Phase {
  switch (i.state) {
    case 'uploaded':
    case 'checking':
      return 'reading'
    case 'checked':
      return i.result ? 'preview' : 'reading'
    case 'writing':
      return 'writing'
    case 'done':
      return 'done'
    case 'undone':
      return 'undone'
    case 'cancelled':
      return 'stopped'
    case 'failed':
      return 'unreadable'
  }
}

/** Whether the server is busy with it, so that it must be asked again. */
export const isGoing = (i: Pick<Import, 'state'>): boolean => i.state === 'uploaded' || i.state === 'checking' || i.state === 'writing'

/** How far the writing is, 0 to 1, by the rows that the check counted; undefined where nobody knows. */
export function partOf(i: Pick<ImportDetail, 'rows_read' | 'result'>): number | undefined {
  const rows = i.result?.rows ?? 0
  return rows > 0 ? Math.min(1, i.rows_read / rows) : undefined
}

interface Taken {
  title: string
  field?: string
}

/** The options for columns taken as chosen: by index a field, '' for leaving it out. */
export function columnsAs(columns: readonly Taken[], chosen: Readonly<Record<number, string>>): Record<string, string> {
  const out: Record<string, string> = {}
  columns.forEach((c, k) => {
    const field = chosen[k] ?? c.field ?? ''
    if (field && c.title) out[field] = c.title
  })
  // What the server recognised by itself and somebody took away.
  columns.forEach((c, k) => {
    if (c.field && (chosen[k] ?? c.field) !== c.field && !(c.field in out)) out[c.field] = ''
  })
  return out
}

/** The fields chosen with one column taken for another: no field twice. */
export function choose(
  columns: readonly Taken[],
  chosen: Readonly<Record<number, string>>,
  at: number,
  field: string,
): Record<number, string> {
  const out: Record<number, string> = { ...chosen, [at]: field }
  if (field)
    columns.forEach((c, k) => {
      if (k !== at && (chosen[k] ?? c.field ?? '') === field) out[k] = ''
    })
  return out
}

/** Whether the options differ from those of the last check, so that it must be checked again. */
export function differs(a: ImportOptions, b: ImportOptions): boolean {
  return plain(a) !== plain(b)
}

const plain = (o: ImportOptions) =>
  JSON.stringify([sorted(o.columns), sorted(o.set), o.srid ?? 0, o.datum || 'wgs84', o.source ?? '', o.sheet ?? ''])
const sorted = (m: Readonly<Record<string, string>> | undefined) => Object.entries(m ?? {}).sort(([x], [y]) => (x < y ? -1 : 1))

/** Problems by code, the most frequent first. */
export function countedOf(counted: Readonly<Record<string, number>> | undefined): [string, number][] {
  return Object.entries(counted ?? {}).sort((a, b) => b[1] - a[1])
}
