// What the pages of types and plans have in common: all types, the words of lists
// that registers have, which one is open.
import { computed, ref, shallowRef, watch } from 'vue'
import { get } from '../../api/client'
import type { IncidentType, RegisterColumn, Registers } from '../../api/types'
import { language } from '../../i18n'
import { areas } from '../../state/page'
import { may } from '../roster/data'
import { arrivals, own, remember } from '../views'

export const types = shallowRef<IncidentType[]>([])
const registers = shallowRef<Registers['registers']>([])
/** Nouns whose events change what is shown. */
export const ofTypes: ReadonlySet<string> = new Set(['type', 'plan', 'calendar', 'holiday'])

const asked = () => own('types').get('type') ?? ''
/** The code of the type that is shown; hours for the working hours, empty for none. */
export const openCode = ref(asked())
export function open(code: string): void {
  openCode.value = code
  remember('types', new URLSearchParams(code ? { type: code } : {}))
}
watch(arrivals, () => {
  openCode.value = asked()
})

/** Types and hours are the whole district's: whoever administers it changes them, others read. */
export const editable = computed(() => [...areas.value.values()].some((a) => a.parent_id === undefined && may('administer', a.id)))

export const openType = computed(() => types.value.find((x) => x.code === openCode.value))
export const nameOf = (x: IncidentType): string => (language() === 'en' ? x.name_en : x.name_zh)
export const parentOf = (x: IncidentType): IncidentType | undefined => types.value.find((p) => p.code === x.parent_code)
export const childrenOf = (code: string): IncidentType[] => types.value.filter((x) => x.parent_code === code)

export async function readTypes(): Promise<void> {
  if (!registers.value.length) registers.value = (await get<Registers>('/api/v1/registers')).registers
  types.value = (await get<{ types: IncidentType[] }>('/api/v1/types')).types
}

/** What may stand in a field of a register. */
export function choicesOf(noun: string, field: string): { value: string; title: string }[] {
  const column: RegisterColumn | undefined = registers.value.find((r) => r.noun === noun)?.columns.find((c) => c.field === field)
  return column?.choices ?? []
}
export const choiceName = (noun: string, field: string, value: string): string =>
  choicesOf(noun, field).find((c) => c.value === value)?.title ?? value
