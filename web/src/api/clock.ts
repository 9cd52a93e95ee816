// What the server's clock says, from what it sends: each word of it is late by its
// way here, so the earliest of the last minute is nearest.

export interface Clock {
  /** The server's clock less ours, in ms. */
  offset: number
  samples: readonly number[]
}

export const unknownClock: Clock = { offset: 0, samples: [] }

const kept = 30
/** Nothing is on its way for so long: our own clock was set. */
const jump = 5000

/** Takes in that the server says it is `serverTime` while ours says `now`. */
export function heardTime(clock: Clock, serverTime: number, now: number): Clock {
  const sample = serverTime - now
  const samples = sample < clock.offset - jump ? [sample] : [...clock.samples, sample].slice(-kept)
  return { samples, offset: Math.max(...samples) }
}
