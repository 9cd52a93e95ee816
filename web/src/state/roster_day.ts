// Days and clocks of rosters. They are counted by Beijing's time wherever the
// browser stands; China keeps one time all year round.

/** A calendar day as 2026-01-31. Days compare as their texts do. */
export type Day = string

const zoneMs = 8 * 3_600_000
export const dayMs = 24 * 3_600_000

const shifted = (ms: number): string => new Date(ms + zoneMs).toISOString()

export const msOf = (time: string): number => Date.parse(time)

/** The day a moment lies in. */
export const dayOf = (ms: number): Day => shifted(ms).slice(0, 10)

/** A day's first moment. */
export const startOf = (day: Day): number => Date.parse(`${day}T00:00:00Z`) - zoneMs

export const addDays = (day: Day, days: number): Day => dayOf(startOf(day) + days * dayMs)

/** 0 for Monday to 6 for Sunday. */
export const weekdayOf = (day: Day): number => (new Date(startOf(day) + zoneMs).getUTCDay() + 6) % 7

export const mondayOf = (day: Day): Day => addDays(day, -weekdayOf(day))

export const daysFrom = (day: Day, count: number): Day[] => Array.from({ length: count }, (_, k) => addDays(day, k))

/** Whether a text is a day that there is. */
export function isDay(text: string | null | undefined): text is Day {
  return /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && addDays(text as Day, 0) === text
}

/** 08:05 */
export const clockOf = (ms: number): string => shifted(ms).slice(11, 16)

/** 11-24 */
export const shortDay = (day: Day): string => day.slice(5)

/** As <input type="datetime-local"> writes it. */
export const localOf = (ms: number): string => shifted(ms).slice(0, 16)

/** What such an input says, as a moment; NaN for nothing. */
export const fromLocal = (text: string): number =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? Date.parse(`${text}:00Z`) - zoneMs : Number.NaN

/** How many midnights lie between two moments: what "next day" is said by. */
export const nightsBetween = (from: number, to: number): number => Math.round((startOf(dayOf(to)) - startOf(dayOf(from))) / dayMs)
