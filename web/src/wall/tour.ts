// The tour: what the wall's map shows next. Round the streets and the urgent
// incidents; a new top-priority incident goes first, at once, and the round goes
// on where it was.
export type Stop = { kind: 'home' } | { kind: 'area'; id: number } | { kind: 'incident'; id: number }

export interface Tour {
  at: number
  until: number
  stop: Stop
}

export const stopFor = { home: 15_000, area: 12_000, incident: 15_000, critical: 30_000 }

export function beginTour(now: number): Tour {
  return { at: -1, until: now + stopFor.home, stop: { kind: 'home' } }
}

/** The next stop when the present one's time is up; the same tour before that. */
export function advance(tour: Tour, streets: readonly number[], incidents: readonly number[], now: number): Tour {
  if (now < tour.until) return tour
  const round: Stop[] = [
    { kind: 'home' },
    ...incidents.slice(0, 5).map((id): Stop => ({ kind: 'incident', id })),
    ...streets.map((id): Stop => ({ kind: 'area', id })),
  ]
  const at = (tour.at + 1) % round.length
  const stop = round[at] ?? { kind: 'home' }
  return { at, until: now + stopFor[stop.kind], stop }
}

/** A new top-priority incident: shown now; the round keeps its place. */
export function yieldTo(tour: Tour, incident: number, now: number): Tour {
  return { at: tour.at, until: now + stopFor.critical, stop: { kind: 'incident', id: incident } }
}
