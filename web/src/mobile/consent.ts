// The own word on the use of the position: separate from everything else, and
// taken back at once.
import { computed, shallowRef } from 'vue'
import { command, get } from '../api/client'
import type { ConsentState, Consents } from '../api/types'
import { heard, refresh } from './phone'

/** What was read last; null until it is. */
export const consent = shallowRef<ConsentState | null>(null)
const laterKey = 'yiping.phone.consent-later'

/** What the server last said of it, without words: known without a network too. */
export const consentBrief = computed(() => heard.value?.mine.position_consent ?? null)

/** Reads the text that is asked for and what stands. */
export async function readConsent(): Promise<void> {
  take(await get<Consents>('/api/v1/me/consents'))
}

/** Agrees to the version that was shown. */
export async function agree(version: number): Promise<void> {
  take(await command<Consents>('/api/v1/me/consents', { purpose: 'position', version }))
  await refresh()
}

/** Takes the word back; the server deletes the position with it. */
export async function withdraw(): Promise<void> {
  take(await command<Consents>('/api/v1/me/consents/position/withdraw'))
  await refresh()
}

function take(said: Consents): void {
  consent.value = said.consents.find((c) => c.purpose === 'position') ?? null
}

/** Notes on the device that a version was refused, so that it is not put again and again. */
export function refuse(version: number): void {
  localStorage.setItem(laterKey, String(version))
}

export function wasRefused(version: number): boolean {
  return localStorage.getItem(laterKey) === String(version)
}
