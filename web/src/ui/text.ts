// Numbers as people read them: spans of time, distances, errors.
import { ApiError } from '../api/client'
import { i18n } from '../i18n'

const t = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values)

/** 40 秒, 12 分钟, 3 小时, 2 天. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return t('common.seconds', { n: s })
  if (s < 3600) return t('common.minutes', { n: Math.round(s / 60) })
  if (s < 86_400) return t('common.hours', { n: Math.round(s / 3600) })
  return t('common.days', { n: Math.round(s / 86_400) })
}

export function distance(meters: number): string {
  if (meters < 1000) return t('common.meters', { n: Math.round(meters / 10) * 10 })
  return t('common.kilometers', { n: (meters / 1000).toFixed(1) })
}

/** What an error says to the one in front of the screen. */
export function words(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  if (error.status === 0) return t('common.unreachable')
  const fields = error.fields.filter((f) => f.message !== error.message).map((f) => `${f.location}：${f.message}`)
  return [error.message, ...fields].join(' ')
}

/** 2026-11-23, where the screen is. */
export function dayText(iso: string): string {
  const d = new Date(iso)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

/** 2026-11-23 08:05:09, for what is on record. */
export function momentText(iso: string): string {
  const d = new Date(iso)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${dayText(iso)} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** 08:05 of today, 11-23 08:05 of another day. */
export function clockTime(iso: string, now = Date.now()): string {
  const d = new Date(iso)
  const two = (n: number) => String(n).padStart(2, '0')
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`
  return new Date(now).toDateString() === d.toDateString() ? time : `${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`
}
