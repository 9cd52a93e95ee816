// The keyboard of the console: a key to an action, none while somebody types.
export type KeyAction = 'new' | 'search' | 'help' | 'down' | 'up' | 'verify' | 'send' | 'check' | 'close' | 'escape'

const actions: Record<string, KeyAction> = {
  n: 'new',
  '/': 'search',
  '?': 'help',
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

export function actionOf(e: {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  target: EventTarget | null
}): KeyAction | undefined {
  if ((e.ctrlKey || e.metaKey) && e.key === 'k') return 'search'
  if (e.ctrlKey || e.metaKey || e.altKey) return undefined
  const typing =
    e.target instanceof HTMLElement && (e.target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(e.target.tagName))
  if (typing && e.key !== 'Escape') return undefined
  return actions[e.key]
}
