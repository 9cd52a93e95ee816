// Names of things in the chosen language, and times as a phone shows them.
import type { Incident, Plan } from '../api/types'
import { language } from '../i18n'
import type { CommandKind } from '../state/outbox'
import { metersBetween } from '../state/track'
import { config, heard } from './phone'

/** The message of a kind of tap. */
export const itemName = (kind: CommandKind): string => `mobile.item.${kind.replace('.', '_')}`

export function typeName(code: string): string {
  const type = config.value?.incident_types.find((t) => t.code === code)
  return type ? (language() === 'zh' ? type.name_zh : type.name_en) : code
}

export function checkText(item: Plan['checklist'][number]): string {
  return language() === 'zh' ? item.zh : item.en
}

/** Where it is, as far as it was told. */
export const placeOf = (i: Incident): string => i.place || `${i.lat.toFixed(5)}, ${i.lon.toFixed(5)}`

/** How far it is from where the server last saw this phone, in metres. */
export function metersAway(i: Incident): number | undefined {
  const me = heard.value?.mine.responder
  return me?.lon === undefined || me.lat === undefined ? undefined : metersBetween({ lon: me.lon, lat: me.lat }, i)
}
