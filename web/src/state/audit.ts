// What is asked of the audit trail, and the address that says it.

export const auditKinds = [
  'command',
  'refused',
  'sign_in',
  'sign_out',
  'view',
  'unmask',
  'export',
  'share',
  'configuration',
  'grant',
  'destroy',
] as const
export type AuditKind = (typeof auditKinds)[number]

/** As typed: empty for what does not narrow. Times are of the screen's place. */
export interface AuditFilter {
  from: string
  to: string
  account_id: string
  subject_id: string
  kind: AuditKind | ''
  action: string
  noun: string
  noun_id: string
  result: string
}

export const noFilter: AuditFilter = {
  from: '',
  to: '',
  account_id: '',
  subject_id: '',
  kind: '',
  action: '',
  noun: '',
  noun_id: '',
  result: '',
}

const isKind = (text: string): text is AuditKind => auditKinds.some((k) => k === text)

/** Reads a filter from an address; what it does not know is left out. */
export function filterOf(params: URLSearchParams): AuditFilter {
  const text = (name: string) => params.get(name) ?? ''
  const kind = text('kind')
  return {
    from: text('from'),
    to: text('to'),
    account_id: text('account_id'),
    subject_id: text('subject_id'),
    kind: isKind(kind) ? kind : '',
    action: text('action'),
    noun: text('noun'),
    noun_id: text('noun_id'),
    result: text('result'),
  }
}

/** The filter as an address holds it. */
export function addressOf(filter: AuditFilter): URLSearchParams {
  return new URLSearchParams(Object.entries(filter).filter(([, v]) => v !== ''))
}

/** The filter as the API is asked: times with a zone, numbers that are none left out. */
export function queryOf(filter: AuditFilter): URLSearchParams {
  const out = new URLSearchParams()
  for (const [name, value] of Object.entries(filter)) {
    const typed = value.trim()
    if (typed === '') continue
    if (name === 'from' || name === 'to') {
      const at = Date.parse(typed)
      if (Number.isFinite(at)) out.set(name, new Date(at).toISOString())
    } else if (name.endsWith('_id')) {
      if (/^\d{1,15}$/.test(typed)) out.set(name, typed)
    } else out.set(name, typed)
  }
  return out
}
