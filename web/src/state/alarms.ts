// The alarms that are not closed, kept fresh while a page shows them.
import { onScopeDispose, type Ref, ref, watch } from 'vue'
import { get } from '../api/client'
import type { Alarm } from '../api/types'
import { link, picture, session } from './page'

const lookEvery = 10_000

/** Reads the alarms when one changes, when the link or the session does, and now and then; not with each position. */
export function useAlarms(): { alarms: Ref<Alarm[]>; read: () => Promise<void> } {
  const alarms = ref<Alarm[]>([])
  async function read() {
    if (!session.value) return
    try {
      alarms.value = (await get<{ alarms: Alarm[] }>('/api/v1/alarms')).alarms
    } catch {
      // What was known stays; it is asked for again soon.
    }
  }
  watch([() => session.value?.account_id, link, () => picture.value.events.find((e) => e.noun === 'alarm')?.offset], read, {
    immediate: true,
  })
  const looking = setInterval(read, lookEvery)
  onScopeDispose(() => clearInterval(looking))
  return { alarms, read }
}
