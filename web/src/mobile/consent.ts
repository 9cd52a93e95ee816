// The own word on the use of the position, and on the keeping of the track on
// tasks: each separate from everything else, and taken back at once.
import { computed, shallowRef } from 'vue'
import { command, get } from '../api/client'
import type { ConsentState, Consents } from '../api/types'
import { heard, refresh } from './phone'

export type Purpose = ConsentState['purpose']

/** What was read last; empty until it is. */
export const consents = shallowRef<readonly ConsentState[]>([])
const laterKeys: Record<Purpose, string> = { position: 'yiping.phone.consent-later', track: 'yiping.phone.track-consent-later' }

/** What the server last said of each, without words: known without a network too. */
export const consentBriefs = computed(() => ({
  position: heard.value?.mine.position_consent ?? null,
  track: heard.value?.mine.track_consent ?? null,
}))

let reading: Promise<void> | null = null

/** Reads the texts that are asked for and what stands, once for all who ask meanwhile. */
export function readConsents(): Promise<void> {
  reading ??= get<Consents>('/api/v1/me/consents')
    .then((said) => {
      consents.value = said.consents
    })
    .finally(() => {
      reading = null
    })
  return reading
}

/** Agrees to the version that was shown. */
export async function agree(purpose: Purpose, version: number): Promise<void> {
  consents.value = (await command<Consents>('/api/v1/me/consents', { purpose, version })).consents
  await refresh()
}

/** Takes the word back; the server deletes what was kept by it. */
export async function withdraw(purpose: Purpose): Promise<void> {
  consents.value = (await command<Consents>(`/api/v1/me/consents/${purpose}/withdraw`)).consents
  await refresh()
}

/** Notes on the device that a version was refused, so that it is not put again and again. */
export function refuse(purpose: Purpose, version: number): void {
  localStorage.setItem(laterKeys[purpose], String(version))
}

export function wasRefused(purpose: Purpose, version: number): boolean {
  return localStorage.getItem(laterKeys[purpose]) === String(version)
}
