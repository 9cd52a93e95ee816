// The keyboard of the console: a key to an action, none while somebody types.
export type KeyAction = 'new' | 'search' | 'down' | 'up' | 'verify' | 'send' | 'check' | 'close' | 'escape'

const actions: Record<string, KeyAction> = {
  n: 'new',
  '/': 'search',
  j: 'down',
  ArrowDown: 'down',
  k: 'up',
  ArrowUp: 'up',
  v: 'verify',
  s: 'send',
  c: 'check',
  x: 'close',
  Escape: 'escape',
}

interface Key {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  target: EventTarget | null
}

/** Whether somebody is writing into a field. */
export function typing(e: Key): boolean {
  return e.target instanceof HTMLElement && (e.target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(e.target.tagName))
}

export function actionOf(e: Key): KeyAction | undefined {
  if ((e.ctrlKey || e.metaKey) && e.key === 'k') return 'search'
  if (e.ctrlKey || e.metaKey || e.altKey) return undefined
  if (typing(e) && e.key !== 'Escape') return undefined
  return actions[e.key]
}

/** Whether a key locks at once, whatever is being typed. */
export function locks(e: Key): boolean {
  return (e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === 'l'
}

/** When g was pressed, in ms; null where it was not. */
export type Leader = number | null
const leaderLasts = 1500

/** What a key means to the frame: g waits for the letter of a view; ? is a letter by itself. */
export function leaderAfter(leader: Leader, e: Key, now: number): { leader: Leader; letter: string; taken: boolean } {
  const none = { leader: null, letter: '', taken: false }
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return none
  if (leader !== null && now - leader < leaderLasts && e.key.length === 1) return { leader: null, letter: e.key, taken: true }
  if (e.key === 'g') return { leader: now, letter: '', taken: true }
  if (e.key === '?') return { leader: null, letter: '?', taken: true }
  return e.key === 'Shift' ? { ...none, leader } : none
}
