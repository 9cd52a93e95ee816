// What the pages of call-ups have in common: which one is open, whose areas.
import { computed, ref, watch } from 'vue'
import { areas, session } from '../../state/page'
import { rootsOf } from '../../state/roster_access'
import { arrivals, own, remember } from '../views'

/** Nouns whose events change a roll. */
export const ofCallUps: ReadonlySet<string> = new Set(['call_up', 'call_up_member'])
/** The areas in which people may be called up. */
export const roots = computed(() => rootsOf(session.value?.roles ?? [], areas.value, 'dispatch'))

const asked = (): number => Number(own('callups').get('id')) || 0
/** The call-up that is shown, 0 for none. */
export const openId = ref(asked())

export function open(id: number): void {
  openId.value = id
  remember('callups', new URLSearchParams(id ? { id: String(id) } : {}))
}
watch(arrivals, () => {
  openId.value = asked()
})
