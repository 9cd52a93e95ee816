// What a phone still has to send: every tap with the device's time and its
// idempotency key, in order. Pure functions from a box to the next; keeping and
// sending are done elsewhere (outbox_store.ts, sender.ts).

export type CommandKind =
  | 'duty.start'
  | 'duty.end'
  | 'duty.on_call'
  | 'offer.seen'
  | 'offer.accept'
  | 'offer.decline'
  | 'offer.later'
  | 'assignment.en_route'
  | 'assignment.on_scene'
  | 'assignment.done'
  | 'assignment.release'
  | 'assignment.welfare'
  | 'assignment.alarm'
  | 'volunteer.open'
  | 'volunteer.withdraw'
  | 'call_up.seen'
  | 'call_up.come'
  | 'call_up.decline'
  | 'call_up.arrive'
  | 'call_up.leave'
  | 'note'
  | 'photo'

/** waiting: to be sent; sending: on its way, the answer not in; sent and refused are over. */
export type ItemState = 'waiting' | 'sending' | 'sent' | 'refused'

/** One tap. */
export interface Item {
  /** Place in the order; grows by one a tap. */
  seq: number
  /** The Idempotency-Key, the same however often it is sent. */
  key: string
  kind: CommandKind
  /** What it is about: `offer:12`, `assignment:7`, `duty`, `incident:5`. */
  subject: string
  /** Where it is posted; `{id}` stands for the result of the item named by `after`. */
  path: string
  body: Readonly<Record<string, unknown>>
  /** When it was tapped, by the device's clock, in ms. */
  at: number
  /** The key of an item that has to be through before. */
  after?: string
  /** A photo's bytes. */
  photo?: Blob
  state: ItemState
  tries: number
  /** How often the server answered with an error of its own; a dead network does not count. */
  errors: number
  /** Not to be tried before, in ms. */
  retryAt: number
  /** When it was sent or refused, in ms. */
  overAt?: number
  /** The id the server gave: of the duty, or of the assignment an acceptance made. */
  result?: number
  /** Why it was refused: the server's code and its sentence. */
  code?: string
  message?: string
}

export type Box = readonly Item[]

/** What became of one attempt. */
export type Outcome =
  | { is: 'sent'; result?: number }
  | { is: 'refused'; code: string; message: string }
  | { is: 'failed'; byServer: boolean; retryAfterMs?: number }
  | { is: 'signed_out' }

/** Photos go beside the taps, so that a picture on a weak signal never delays an arrival. */
export type Lane = 'taps' | 'photos'
export const lanes: readonly Lane[] = ['taps', 'photos']
export const laneOf = (item: Item): Lane => (item.kind === 'photo' ? 'photos' : 'taps')

const firstPause = 1000
const longestPause = 30_000
/** After so many errors of the server an item no longer holds up the others. */
export const heldUpFor = 6
/** How many finished items are kept to be shown. */
export const keptFinished = 30

export const isOver = (item: Item): boolean => item.state === 'sent' || item.state === 'refused'

/** A tap as it is made; the rest of an item follows from it. */
export type Tap = Omit<Item, 'seq' | 'state' | 'tries' | 'errors' | 'retryAt' | 'overAt' | 'result' | 'code' | 'message'>

/** Adds a tap at the end. A key that is there already changes nothing. */
export function enqueue(box: Box, tap: Tap): Box {
  if (box.some((i) => i.key === tap.key)) return box
  const seq = box.reduce((most, i) => Math.max(most, i.seq), 0) + 1
  return [...box, { ...tap, seq, state: 'waiting', tries: 0, errors: 0, retryAt: 0 }]
}

/** After a start: what was on its way may or may not have arrived, so it goes again with its key; all at once. */
export function reopen(box: Box): Box {
  return [...box].sort((a, b) => a.seq - b.seq).map((i) => (isOver(i) ? i : { ...i, state: 'waiting', retryAt: 0 }))
}

/** The item a lane sends next: the first that is not over, unless it waits its pause out. */
export function next(box: Box, lane: Lane, now: number): Item | undefined {
  return candidates(box, lane).find((i) => i.retryAt <= now)
}

/** When a lane has something to try, in ms; undefined when it has nothing. */
export function wakeAt(box: Box, lane: Lane): number | undefined {
  const times = candidates(box, lane).map((i) => i.retryAt)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** The first item of a lane that is not over; those behind it too once the server could not deal with it too often. */
function candidates(box: Box, lane: Lane): Item[] {
  const found: Item[] = []
  for (const item of box) {
    if (laneOf(item) !== lane || isOver(item)) continue
    if (item.state === 'sending' || dependency(box, item) === 'waiting') break
    found.push(item)
    if (item.errors < heldUpFor) break
  }
  return found
}

/** How the item that has to be through before stands. An item already forgotten was sent. */
export function dependency(box: Box, item: Item): 'none' | 'waiting' | 'sent' | 'refused' {
  if (!item.after) return 'none'
  const before = box.find((i) => i.key === item.after)
  if (!before) return 'none'
  return isOver(before) ? (before.state as 'sent' | 'refused') : 'waiting'
}

/** The address with its id filled in; undefined when the item before it brought none. */
export function pathOf(box: Box, item: Item): string | undefined {
  if (!item.path.includes('{id}')) return item.path
  const result = box.find((i) => i.key === item.after)?.result
  return result === undefined ? undefined : item.path.replace('{id}', String(result))
}

export function sending(box: Box, key: string): Box {
  return change(box, key, (i) => ({ ...i, state: 'sending', tries: i.tries + 1 }))
}

/** Notes an answer; a second answer on the same item, however late, changes nothing. */
export function settle(box: Box, key: string, outcome: Outcome, now: number, random: number): Box {
  return forget(
    change(box, key, (i) => {
      if (isOver(i)) return i
      switch (outcome.is) {
        case 'sent':
          return { ...i, state: 'sent', result: outcome.result, photo: undefined, overAt: now }
        case 'refused':
          return { ...i, state: 'refused', code: outcome.code, message: outcome.message, photo: undefined, overAt: now }
        case 'signed_out':
          return { ...i, state: 'waiting', tries: Math.max(0, i.tries - 1), retryAt: 0 }
        case 'failed':
          return {
            ...i,
            state: 'waiting',
            errors: i.errors + (outcome.byServer ? 1 : 0),
            retryAt: now + Math.max(outcome.retryAfterMs ?? 0, pause(i.tries, random)),
          }
      }
    }),
  )
}

/** The pause before try `tries` + 1: full jitter under a bound that doubles. */
export function pause(tries: number, random: number): number {
  return Math.round(random * Math.min(longestPause, firstPause * 2 ** Math.max(0, tries - 1)))
}

/** The network is back: everything may be tried at once. */
export function hurry(box: Box): Box {
  return box.some((i) => i.state === 'waiting' && i.retryAt > 0) ? box.map((i) => (i.state === 'waiting' ? { ...i, retryAt: 0 } : i)) : box
}

/** Takes back a tap that has not left yet, and what waits for it. */
export function takeBack(box: Box, key: string): Box {
  const item = box.find((i) => i.key === key)
  if (item?.state !== 'waiting' || item.tries > 0) return box
  return box.filter((i) => i.key !== key && i.after !== key)
}

/** Removes a refusal that was read. */
export function dismiss(box: Box, key: string): Box {
  return box.filter((i) => i.key !== key || i.state !== 'refused')
}

/** Drops the oldest finished items; those that others wait for stay. */
function forget(box: Box): Box {
  const needed = new Set(box.filter((i) => !isOver(i)).map((i) => i.after))
  const finished = box.filter((i) => isOver(i) && !needed.has(i.key))
  const drop = new Set(finished.slice(0, Math.max(0, finished.length - keptFinished)).map((i) => i.key))
  return drop.size === 0 ? box : box.filter((i) => !drop.has(i.key))
}

function change(box: Box, key: string, to: (item: Item) => Item): Box {
  return box.map((i) => (i.key === key ? to(i) : i))
}

export const waitingCount = (box: Box): number => box.filter((i) => !isOver(i)).length
export const refusals = (box: Box): Item[] => box.filter((i) => i.state === 'refused')
