// The numbers of the reports made on this device; nothing else is kept. Pure
// functions, and a thin shelf in the browser.

export interface OwnReport {
  tracking: string
  type_code: string
  received_at: string
}

const key = 'yiping.reports'
const mostKept = 20

/** Reads the shelf's text; whatever does not fit is left out. */
export function parseOwn(text: string | null): OwnReport[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(list) ? list.filter(isOwn) : []
  } catch {
    return []
  }
}

function isOwn(item: unknown): item is OwnReport {
  if (typeof item !== 'object' || item === null) return false
  const { tracking, type_code, received_at } = item as Record<string, unknown>
  return typeof tracking === 'string' && typeof type_code === 'string' && typeof received_at === 'string'
}

/** The newest first, each once, a bounded number. */
export function withReport(list: readonly OwnReport[], report: OwnReport): OwnReport[] {
  return [report, ...list.filter((r) => r.tracking !== report.tracking)].slice(0, mostKept)
}

/** A number as it is written: capitals in groups of four. */
export function tidyNumber(typed: string): string {
  const plain = typed.toUpperCase().replace(/[^0-9A-Z]/g, '')
  return plain.match(/.{1,4}/g)?.join('-') ?? ''
}

export const readOwn = (): OwnReport[] => parseOwn(localStorage.getItem(key))

export function keepOwn(report: OwnReport): void {
  try {
    localStorage.setItem(key, JSON.stringify(withReport(readOwn(), report)))
  } catch {
    // a refused storage: the number is on the screen
  }
}

export const forgetOwn = (): void => localStorage.removeItem(key)
