// The installation: its name, its bounds, what can be reported.
import { shallowRef } from 'vue'
import { get } from '../api/client'
import type { Config, IncidentType } from '../api/types'
import { language } from '../i18n'

export const config = shallowRef<Config | null>(null)

/** Reads it, again and again until the server answers. */
export async function loadConfig(): Promise<void> {
  for (let pause = 1000; !config.value; pause = Math.min(pause * 2, 15_000)) {
    try {
      config.value = await get<Config>('/api/v1/config')
    } catch {
      await new Promise((done) => setTimeout(done, pause))
    }
  }
}

export const nameOf = (type: IncidentType): string => (language() === 'zh' ? type.name_zh : type.name_en)

export function typeName(code: string): string {
  const type = config.value?.incident_types.find((t) => t.code === code)
  return type ? nameOf(type) : code
}
