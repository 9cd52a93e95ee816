// One list with its map: read page by page, and again when somebody changes the
// register. An answer to an older question is dropped.
import { computed, ref, shallowRef } from 'vue'
import { command, get } from '../../api/client'
import type { EditedRows, Register, RegisterPage, RegisterPoints, RegisterRow, Registers, Undone } from '../../api/types'
import { language } from '../../i18n'
import type { PlacePoint } from '../../map/points'
import { type Filter, isNarrowed, queryOf } from '../../state/registers'
import { words } from '../../ui/text'

export type ListState = 'loading' | 'ready' | 'failed'

const pageRows = 200
const mostAtOnce = 500

/** Above so many cameras the whole register is drawn from tiles. */
const mostDrawn = 2000

/** What registers there are, in the language that is chosen; read once in each. */
export const registers = shallowRef<Registers | null>(null)
let readIn = ''

export async function readRegisters(): Promise<void> {
  const wanted = language()
  if (readIn === wanted) return
  registers.value = await get<Registers>('/api/v1/registers')
  readIn = wanted
}

export function registerOf(noun: string): Register | undefined {
  return registers.value?.registers.find((r) => r.noun === noun)
}

/** The address of a file of a list; a link says its language itself. */
export function fileOf(filter: Filter, format: string): string {
  const params = queryOf(filter)
  params.set('format', format)
  params.set('lang', language() === 'zh' ? 'zh-CN' : 'en')
  return `/api/v1/registers/${filter.noun}/export?${params}`
}

export function templateOf(noun: string): string {
  return `/api/v1/registers/${noun}/template?lang=${language() === 'zh' ? 'zh-CN' : 'en'}`
}

export function useList() {
  const state = ref<ListState>('loading')
  const failure = ref('')
  const rows = shallowRef<RegisterRow[]>([])
  const total = ref(0)
  const points = shallowRef<PlacePoint[]>([])
  const truncated = ref(false)
  const whole = ref(false) // on the map from tiles
  const more = ref(false)
  let cursor = ''
  let filter: Filter | null = null
  let asked = 0

  const path = (f: Filter, what = '') => `/api/v1/registers/${f.noun}${what}?${queryOf(f)}`

  async function page(f: Filter, after: string, limit: number): Promise<RegisterPage> {
    const query = queryOf(f)
    query.set('limit', String(limit))
    if (after) query.set('cursor', after)
    return get<RegisterPage>(`/api/v1/registers/${f.noun}?${query}`)
  }

  /** Reads as many rows again as were shown, at least a page. */
  async function readRows(f: Filter, wanted: number): Promise<{ rows: RegisterRow[]; total: number; cursor: string }> {
    const all: RegisterRow[] = []
    let next = ''
    for (;;) {
      const p = await page(f, next, Math.min(mostAtOnce, Math.max(pageRows, wanted - all.length)))
      all.push(...p.rows)
      next = p.next_cursor ?? ''
      if (!next || all.length >= wanted) return { rows: all, total: p.total, cursor: next }
    }
  }

  /** Shows a filter; `quietly` keeps what is shown until the answer is there. */
  async function show(f: Filter, quietly = false): Promise<void> {
    const mine = ++asked
    const wanted = quietly ? rows.value.length : 0
    filter = f
    if (!quietly) state.value = 'loading'
    try {
      const list = await readRows(f, wanted)
      const tiled = f.noun === 'cameras' && !isNarrowed(f) && list.total > mostDrawn
      const map = tiled ? { points: [], truncated: false } : await get<RegisterPoints>(path(f, '/points'))
      if (mine !== asked) return
      whole.value = tiled
      rows.value = list.rows
      total.value = list.total
      cursor = list.cursor
      points.value = map.points.filter((p): p is number[] => p !== null)
      truncated.value = map.truncated
      state.value = 'ready'
    } catch (e) {
      if (mine !== asked) return
      failure.value = words(e)
      if (!quietly) state.value = 'failed'
    }
  }

  /** Reads on; called as often as one likes. */
  async function readMore(): Promise<void> {
    if (!filter || !cursor || more.value || state.value !== 'ready') return
    const mine = asked
    more.value = true
    try {
      const next = await page(filter, cursor, pageRows)
      if (mine !== asked) return
      rows.value = [...rows.value, ...next.rows]
      total.value = next.total
      cursor = next.next_cursor ?? ''
    } catch {
      // Tried again with the next scrolling.
    } finally {
      more.value = false
    }
  }

  const refresh = () => (filter ? show(filter, true) : Promise.resolve())
  const complete = computed(() => rows.value.length >= total.value)
  return { state, failure, rows, total, points, truncated, whole, more, complete, show, refresh, readMore }
}

/** One row by its id, whether it is on the pages read or not. */
export async function readRow(noun: string, id: number): Promise<RegisterRow | undefined> {
  const inUse = await get<RegisterPage>(`/api/v1/registers/${noun}?ids=${id}`)
  return inUse.rows[0] ?? (await get<RegisterPage>(`/api/v1/registers/${noun}?ids=${id}&retired=true`)).rows[0]
}

export function edit(noun: string, ids: number[], set: Record<string, string>): Promise<EditedRows> {
  return command<EditedRows>(`/api/v1/registers/${noun}/edit`, { ids, set })
}

export function retire(noun: string, ids: number[], back: boolean): Promise<EditedRows> {
  return command<EditedRows>(`/api/v1/registers/${noun}/edit`, { ids, ...(back ? { restore: true } : { retire: true }) })
}

export function undo(importId: number): Promise<Undone> {
  return command<Undone>(`/api/v1/imports/${importId}/undo`)
}
