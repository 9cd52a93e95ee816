// What the page of rosters shows, kept in the address so that it can be shared.
import { type Day, isDay, mondayOf } from './roster_day'

export const rosterTabs = ['now', 'week', 'gaps', 'teams'] as const
export type RosterTab = (typeof rosterTabs)[number]

export interface RosterAddress {
  tab: RosterTab
  /** 0 for all that may be seen. */
  area: number
  team: number
  /** The week's Monday, '' for this week. */
  week: Day | ''
  /** Whose day is open, '' for none: 12.2026-01-31. */
  open: string
}

const numberOf = (text: string | null | undefined): number => {
  const n = Number(text)
  return Number.isSafeInteger(n) && n > 0 ? n : 0
}

export function readAddress(query: URLSearchParams): RosterAddress {
  const week = query.get('week')
  const [who, day] = (query.get('open') ?? '').split('.')
  return {
    tab: rosterTabs.find((t) => t === query.get('tab')) ?? 'now',
    area: numberOf(query.get('area')),
    team: numberOf(query.get('team')),
    week: isDay(week) ? mondayOf(week) : '',
    open: numberOf(who) && isDay(day) ? `${numberOf(who)}.${day}` : '',
  }
}

/** What says so in the address; what is as ever is left out, but for the tab. */
export function writeAddress(a: RosterAddress): Record<string, string> {
  const all: [string, string][] = [
    ['tab', a.tab],
    ['area', a.area ? String(a.area) : ''],
    ['team', a.team ? String(a.team) : ''],
    ['week', a.week],
    ['open', a.open],
  ]
  return Object.fromEntries(all.filter(([, value]) => value))
}
