// What a plan says, in words: its fields, their values, what two versions differ in.
import { useI18n } from 'vue-i18n'
import type { PlanBody } from '../../api/types'
import { inUnits } from '../../state/plan'
import { choiceName } from './data'

/** The fields of a plan in the order in which they are shown, by what they are about. */
export const planGroups = {
  basics: ['priority', 'grade', 'send_first', 'working_hours'],
  people: ['quota', 'skills', 'over_offer', 'pair', 'welfare_seconds'],
  hazard: ['hazard', 'hazard_affiliations', 'hazard_training'],
  units: ['units'],
  clocks: ['verify_seconds', 'dispatch_seconds', 'offer_seconds', 'arrive_seconds', 'resolve_seconds', 'check_seconds'],
  steps: ['waves', 'ladder', 'reach'],
  tell: ['tell'],
  checklist: ['checklist'],
} as const satisfies Record<string, readonly (keyof PlanBody)[]>
export type PlanGroup = keyof typeof planGroups
export const groupNames = Object.keys(planGroups) as PlanGroup[]

const roles = ['lead', 'support', 'check']
type Row = Record<string, unknown>
const isRow = (v: unknown): v is Row => typeof v === 'object' && v !== null

export function usePlanWords() {
  const { t, te, locale } = useI18n()
  const or = (path: string, otherwise: string): string => (te(path) ? t(path) : otherwise)
  const time = (seconds: unknown): string => {
    const { n, unit } = inUnits(Number(seconds) || 0)
    return n === 0 ? t('types.none') : t(`common.${unit}s`, { n })
  }
  const skill = (s: unknown): string => choiceName('responders', 'skills', String(s))
  const lists: Record<string, (v: unknown) => string> = {
    skills: skill,
    hazard_training: skill,
    hazard_affiliations: (a) => or(`common.affiliation.${String(a)}`, String(a)),
    tell: (n) => or(`types.tell.${String(n)}`, String(n)),
    waves: (w) => (isRow(w) ? t('types.wave', { rings: Number(w.rings), time: time(w.seconds) }) : ''),
    ladder: (r) => (isRow(r) ? t('types.rung', { level: t(`types.level.${String(r.level)}`), time: time(r.seconds) }) : ''),
    reach: (r) =>
      isRow(r)
        ? t(`types.reach.${String(r.unless)}`, { channel: t(`types.channel.${String(r.channel)}`), time: time(r.after_seconds) })
        : '',
    units: (u) => (isRow(u) ? `${t(`orders.${String(u.role)}`)} ${choiceName('units', 'kind', String(u.kind))}` : ''),
    checklist: (c) => (isRow(c) ? String(locale.value === 'en' ? c.en : c.zh) : ''),
  }
  /** A field's value, line by line. */
  const lines = (field: string, value: unknown): string[] => {
    if (field === 'units' && Array.isArray(value))
      value = [...value].sort((a: Row, b: Row) => roles.indexOf(String(a.role)) - roles.indexOf(String(b.role)))
    if (Array.isArray(value)) return value.map((v) => lists[field]?.(v) ?? String(v))
    if (value === undefined || value === null) return []
    if (typeof value === 'boolean') return [t(value ? 'types.yes' : 'types.no')]
    if (field.endsWith('_seconds')) return [time(value)]
    if (field === 'priority') return [t(`common.priority.${String(value)}`)]
    if (field === 'grade') return [t(`types.grade.${String(value)}`)]
    return [String(value)]
  }
  const text = (field: string, value: unknown): string => lines(field, value).join('、') || or(`types.empty.${field}`, t('types.none'))
  return { time, lines, text, label: (field: string) => or(`types.field.${field}`, field) }
}
