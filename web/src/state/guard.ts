// The lock of this window: what counts as use, what the windows of the browser
// share, and what the server is told.
import { computed, ref } from 'vue'
import { ApiError } from '../api/client'
import { lockSession } from '../api/identity'
import type { Session } from '../api/types'
import { Lock, type Shared, sharedOf } from './lock'

const key = 'yiping.lock'
const toldAgainAfter = 5000
const uses = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const

const state = ref(false)
/** Whether the window is locked. */
export const locked = computed(() => state.value)

let lock: Lock | null = null
let account = 0
let onOther: () => void = () => {}
let watching = false
let telling: ReturnType<typeof setTimeout> | undefined

const world = {
  now: () => Date.now(),
  read: () => sharedOf(localStorage.getItem(key)),
  write: (shared: Shared) => localStorage.setItem(key, JSON.stringify(shared)),
}

/**
 * Guards a window from now on; who has just signed in (`fresh`) is there. `other`
 * is called when somebody else signs in in another window of the browser.
 */
export function guard(session: Session, fresh: boolean, other: () => void): void {
  account = session.account_id
  onOther = other
  if (fresh) localStorage.removeItem(key)
  state.value = false
  clearTimeout(telling)
  lock = new Lock(world, session.account_id, session.lock_after_seconds * 1000, session.locked && !fresh, (now) => {
    state.value = now
    clearTimeout(telling)
    if (now) void tell()
  })
  watch()
}

export function unguard(): void {
  lock = null
  state.value = false
  clearTimeout(telling)
  localStorage.removeItem(key)
}

export function lockNow(): void {
  lock?.lock()
}

/** The server has taken the password. */
export function unlocked(): void {
  lock?.unlock()
}

/** A page that is taken as it stands is no lock: the server refuses from now on, too. */
async function tell(): Promise<void> {
  try {
    await lockSession()
  } catch (e) {
    if (e instanceof ApiError && e.transient && state.value) telling = setTimeout(tell, toldAgainAfter)
  }
}

function watch(): void {
  if (watching) return
  watching = true
  const use = () => lock?.use()
  for (const name of uses) window.addEventListener(name, use, { capture: true, passive: true })
  window.addEventListener('storage', (e) => {
    if (e.key !== key) return
    const shared = sharedOf(e.newValue)
    lock?.heard(shared)
    if (lock && shared && shared.account !== account) onOther()
  })
  document.addEventListener('visibilitychange', () => lock?.tick())
  setInterval(() => lock?.tick(), 1000)
}
