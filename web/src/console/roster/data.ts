// What the pages of rosters read and how: all of it anew when the log tells of
// a duty, a team, a shift or a rotation, and each minute.
import { computed, onActivated, onBeforeUnmount, onDeactivated, ref, type ShallowRef, shallowRef, watch } from 'vue'
import { ApiError, command, get, newKey } from '../../api/client'
import type { Holiday, RosterDuty, Rotation, Shift, Team } from '../../api/roster'
import { areas, link, picture, session } from '../../state/page'
import { mayIn, type RosterAction, rootsOf } from '../../state/roster_access'
import type { Day } from '../../state/roster_day'
import { within } from '../../state/roster_now'
import { words } from '../../ui/text'

export const teams = shallowRef<Team[]>([])
export const shifts = shallowRef<Shift[]>([])
export const rotations = shallowRef<Rotation[]>([])
export const holidays = shallowRef<Holiday[]>([])
/** What was just done, in a sentence. */
export const said = ref('')

/** The days that differ from the week: whether each is worked. */
export const calendar = computed<ReadonlyMap<Day, boolean>>(() => new Map(holidays.value.map((h) => [h.day, h.working])))

export const roots = computed(() => rootsOf(session.value?.roles ?? [], areas.value, 'see'))
export const may = (action: RosterAction, areaId: number): boolean => mayIn(session.value?.roles ?? [], areas.value, action, areaId)
/** Whether an action is allowed anywhere at all. */
export const mayAnywhere = (action: RosterAction): boolean => rootsOf(session.value?.roles ?? [], areas.value, action).length > 0

/** Whether an area belongs to what is looked at: an area with all below it, 0 for everything seen. */
export function insideOf(area: number): (id: number) => boolean {
  const wanted = area ? [area] : roots.value
  const known = new Map<number, boolean>()
  return (id) => {
    const kept = known.get(id)
    if (kept !== undefined) return kept
    const inside = wanted.some((root) => within(areas.value, id, root))
    known.set(id, inside)
    return inside
  }
}

export async function readBase(): Promise<void> {
  const [t, s, r, h] = await Promise.all([
    get<{ teams: Team[] }>('/api/v1/teams'),
    get<{ shifts: Shift[] }>('/api/v1/shifts'),
    get<{ rotations: Rotation[] }>('/api/v1/rotations'),
    get<{ holidays: Holiday[] }>('/api/v1/holidays'),
  ])
  teams.value = t.teams
  shifts.value = s.shifts
  rotations.value = r.rotations
  holidays.value = h.holidays
}

interface Page {
  duties: RosterDuty[]
  next_cursor?: string
  total: number
}

/** Reads all duties of a time, page by page; only the first page and the total where there are more than `most`. */
export async function readDuties(
  params: Record<string, string | number | undefined>,
  most: number,
  progress: (read: number, total: number) => void = () => {},
): Promise<{ duties: RosterDuty[]; total: number }> {
  const duties: RosterDuty[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await get<Page>('/api/v1/roster', { ...params, limit: 200, cursor })
    duties.push(...page.duties)
    cursor = page.next_cursor
    progress(duties.length, page.total)
    if (!cursor || page.total > most) return { duties, total: page.total }
  }
}

const atOnce = 4

/**
 * Reads all duties of everything seen, area by area and some at once, which is
 * many times faster than page after page; all in a row where that misses any.
 */
export async function readAllDuties(
  params: Record<string, string | number | undefined>,
  most: number,
  progress: (read: number, total: number) => void = () => {},
): Promise<{ duties: RosterDuty[]; total: number }> {
  const parts = [...areas.value.values()].filter((a) => a.parent_id !== undefined && roots.value.includes(a.parent_id)).map((a) => a.id)
  const { total } = await get<Page>('/api/v1/roster', { ...params, limit: 1 })
  if (total > most) return { duties: [], total }
  if (total <= 200 * atOnce || parts.length < 2) return readDuties(params, most, progress)
  const duties = new Map<number, RosterDuty>()
  const next = async (): Promise<void> => {
    const part = parts.shift()
    if (part === undefined) return
    const read = await readDuties({ ...params, area_id: part }, most)
    for (const d of read.duties) duties.set(d.id, d)
    progress(duties.size, total)
    return next()
  }
  await Promise.all(Array.from({ length: atOnce }, next))
  return duties.size < total ? readDuties(params, most, progress) : { duties: [...duties.values()], total }
}

/** What a roster may show. */
const ofRosters: ReadonlySet<string> = new Set(['duty', 'shift', 'team', 'rotation', 'holiday'])

export interface Fresh {
  loading: ShallowRef<boolean>
  failure: ShallowRef<string>
  again: () => Promise<void>
}

/**
 * Keeps something read: at once, when a source changes, upon events about some
 * nouns (those of rosters) and every so often. A read that was overtaken by another tells by `current`.
 */
export function useFresh(
  read: (current: () => boolean) => Promise<void>,
  source: () => unknown,
  everyMs = 60_000,
  about: ReadonlySet<string> = ofRosters,
): Fresh {
  const stamp = computed(() => picture.value.events.find((e) => about.has(e.noun))?.offset ?? 0)
  const loading = shallowRef(true)
  const failure = shallowRef('')
  let asked = 0
  let took = 0
  const again = async () => {
    const mine = ++asked
    const began = performance.now()
    try {
      await read(() => mine === asked)
      if (mine === asked) failure.value = ''
      took = performance.now() - began
    } catch (e) {
      if (mine === asked) failure.value = words(e)
    } finally {
      if (mine === asked) loading.value = false
    }
  }
  // A page that is put aside reads nothing until it is shown again.
  let aside = false
  const now = () => void (aside || again())
  let waiting: ReturnType<typeof setTimeout> | undefined
  watch(stamp, () => {
    // Many at once, as when a shift of a whole street begins, are one read; what
    // takes long is read less often.
    waiting ??= setTimeout(
      () => {
        waiting = undefined
        now()
      },
      Math.max(600, 5 * took),
    )
  })
  watch(source, () => {
    loading.value = true
    now()
  })
  watch(link, (state) => state === 'live' && now())
  const timer = setInterval(() => document.visibilityState === 'visible' && now(), everyMs)
  onDeactivated(() => {
    aside = true
  })
  onActivated(() => {
    if (!aside) return
    aside = false
    now()
  })
  onBeforeUnmount(() => {
    asked++
    clearTimeout(waiting)
    clearInterval(timer)
  })
  void again()
  return { loading, failure, again }
}

/** One command at a time; a refusal is kept with its fields until the next. */
export function useCommand() {
  const busy = ref(false)
  const refused = shallowRef<ApiError | null>(null)
  const broken = ref('')
  let last = { what: '', key: '' }
  async function run<T>(path: string, body: unknown): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    refused.value = null
    broken.value = ''
    // The same thing again after no answer is the same command.
    const what = JSON.stringify([path, body])
    if (last.what !== what) last = { what, key: newKey() }
    try {
      const answer = await command<T | undefined>(path, body, last.key)
      last = { what: '', key: '' }
      return answer ?? (true as T)
    } catch (e) {
      if (e instanceof ApiError) {
        refused.value = e
        if (!e.transient) last = { what: '', key: '' }
      } else broken.value = words(e)
      return undefined
    } finally {
      busy.value = false
    }
  }
  const clear = () => {
    refused.value = null
    broken.value = ''
  }
  return { busy, refused, broken, run, clear }
}
export type Command = ReturnType<typeof useCommand>
