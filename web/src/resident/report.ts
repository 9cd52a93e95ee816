// Sending a report: once, however often the button is pressed or the network fails.
import { ApiError, command, newKey, upload } from '../api/client'
import { once } from '../api/once'

export interface Report {
  type_code: string
  lon: number
  lat: number
  place?: string
  words?: string
  phone?: string
}

export interface Sent {
  tracking: string
  received_at: string
  type_code: string
  photos: { blob: Blob; key: string }[]
}

const keys = once(newKey)

/** Posts the report. Throws an ApiError where it is not taken. */
export async function sendReport(report: Report, photos: readonly Blob[]): Promise<Sent> {
  const answer = await command<{ tracking: string; received_at: string }>('/api/v1/reports', report, keys.keyOf(report))
  keys.taken()
  return { ...answer, type_code: report.type_code, photos: photos.map((blob) => ({ blob, key: newKey() })) }
}

/** Sends the photos one by one; gives those that did not arrive and may be tried again. */
export async function sendPhotos(tracking: string, photos: Sent['photos']): Promise<Sent['photos']> {
  const left: Sent['photos'] = []
  for (const photo of photos) {
    try {
      await upload(`/api/v1/reports/${encodeURIComponent(tracking)}/photos`, photo.blob, photo.key)
    } catch (e) {
      if (e instanceof ApiError && e.transient) left.push(photo)
    }
  }
  return left
}
