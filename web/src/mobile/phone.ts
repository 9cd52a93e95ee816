// The phone's state: who holds it, what the server last said, what waits to be
// sent. It starts from what is kept on the device and works without a network.
import { computed, ref, shallowRef } from 'vue'
import { ApiError, get, newKey } from '../api/client'
import { type Clock, heardTime } from '../api/clock'
import { signOut as endSession, whoAmI } from '../api/identity'
import { browserWorld, LiveFeed, liveURL } from '../api/live'
import type { Config, Mine, Session } from '../api/types'
import { type Box, type Tap, waitingCount } from '../state/outbox'
import { deleteStore, memoryStore, type OutboxStore, openStore } from '../state/outbox_store'
import { Sender } from '../state/sender'
import { type Heard, mayShare, type PhoneView, phoneView } from '../state/task'
import { browserSenderWorld } from './send'

/** Who last signed in on this device. */
export interface Holder {
  account_id: number
  display_name: string
  responder_id?: number
}

export type Access = 'starting' | 'signed_out' | 'signed_in'

export const access = ref<Access>('starting')
export const holder = shallowRef<Holder | null>(null)
/** Who has signed in and has something to do before they go on. */
export const pending = shallowRef<Session | null>(null)
export const config = shallowRef<Config | null>(null)
export const heard = shallowRef<Heard | null>(null)
export const box = shallowRef<Box>([])
/** Whether the server answered the last time it was asked. */
export const reached = ref(false)
/** Whether the session ended by itself: the device still keeps what was not sent. */
export const expired = ref(false)
const clockOffset = ref(0)
const ticking = ref(Date.now())

/** The device's time, ticking each second. */
export const deviceNow = computed(() => ticking.value)
/** The server's time, ticking each second. */
export const now = computed(() => ticking.value + clockOffset.value)
export const view = computed<PhoneView | null>(() => (heard.value ? phoneView(heard.value, box.value, now.value, config.value) : null))
/** Whether the position may be kept and sent. */
export const sharing = computed(() => access.value === 'signed_in' && view.value !== null && mayShare(view.value))
export const unsent = computed(() => waitingCount(box.value))
/** Age of what is shown, in ms. */
export const age = computed(() => (heard.value ? Math.max(0, ticking.value - heard.value.at) : 0))

const holderKey = 'yiping.phone.holder'
const configKey = 'yiping.phone.config'
const pollEvery = 30_000

let store: OutboxStore = memoryStore()
let sender: Sender | null = null
let feed: LiveFeed | null = null

/** Starts from the device, then asks the server. */
export async function begin(): Promise<void> {
  setInterval(() => {
    ticking.value = Date.now()
  }, 1000)
  setInterval(wake, pollEvery)
  const kept = readLocal<Holder>(holderKey)
  config.value = readLocal<Config>(configKey)
  if (kept && typeof kept.account_id === 'number') await enter(kept)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && comeBack())
  window.addEventListener('online', comeBack)
  void loadConfig()
  await resume()
}

/** The page came back to the front, or the network returned: everything is tried at once. */
function comeBack(): void {
  ticking.value = Date.now()
  sender?.wake()
  feed?.wake()
  wake()
}

function wake(): void {
  if (!config.value) void loadConfig()
  void (feed ? refresh() : resume())
}

async function loadConfig(): Promise<void> {
  try {
    config.value = await get<Config>('/api/v1/config')
    clockOffset.value = Date.parse(config.value.server_time) - Date.now()
    writeLocal(configKey, config.value)
  } catch {
    // what is kept goes on; the next wake asks again
  }
}

/** Asks whether the session still holds. */
async function resume(): Promise<void> {
  if (access.value === 'signed_out' && !expired.value && !holder.value && reached.value) return
  try {
    await entered(await whoAmI())
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) return sessionOver()
    reached.value = false
    if (!holder.value) access.value = 'signed_out'
  }
}

/** Somebody has signed in, now or before. Whoever has something to do first waits. */
export async function entered(session: Session): Promise<void> {
  reached.value = true
  pending.value = session.needs.length > 0 ? session : null
  if (pending.value) access.value = 'signed_out'
  else await signedInAs(session)
}

/** Who had something to do first has left it. */
export function left(): void {
  pending.value = null
}

async function signedInAs(session: Session): Promise<void> {
  expired.value = false
  const who: Holder = { account_id: session.account_id, display_name: session.display_name, responder_id: session.responder_id }
  if (holder.value?.account_id !== who.account_id) {
    if (holder.value) await forget(holder.value)
    await enter(who)
  }
  holder.value = who
  access.value = 'signed_in'
  writeLocal(holderKey, who)
  sender?.wake()
  listen()
  await refresh()
}

/** The session ended by itself: what is kept stays, and is sent after signing in. */
function sessionOver(): void {
  reached.value = true
  pending.value = null
  feed?.stop()
  feed = null
  expired.value = holder.value !== null
  access.value = 'signed_out'
}

/** Signs out and leaves nothing on the device. */
export async function signOut(): Promise<void> {
  await endSession().catch(() => {}) // offline: the device forgets all the same, and the session runs out
  if (holder.value) await forget(holder.value)
  access.value = 'signed_out'
}

async function forget(who: Holder): Promise<void> {
  sender?.stop()
  feed?.stop()
  sender = null
  feed = null
  store.close()
  store = memoryStore()
  holder.value = null
  heard.value = null
  box.value = []
  expired.value = false
  localStorage.removeItem(holderKey)
  await deleteStore(who.account_id).catch(() => {})
}

/** Opens what the device keeps for an account. */
async function enter(who: Holder): Promise<void> {
  store = await openStore(who.account_id).catch(() => memoryStore())
  holder.value = who
  const kept = await store.value('mine')
  heard.value = isHeard(kept) ? kept : null
  sender = await Sender.start(store, browserSenderWorld(answered), (next) => {
    box.value = next
  })
  access.value = 'signed_in'
}

function isHeard(kept: unknown): kept is Heard {
  return typeof kept === 'object' && kept !== null && 'mine' in kept && 'at' in kept
}

/** After an answer to a tap the server's word is asked for again. */
function answered(signedOut: boolean): void {
  if (signedOut) sessionOver()
  else void refresh()
}

let asking: Promise<void> | null = null
let askAgain = false

/** Asks the server for the own picture; one question at a time. */
export function refresh(): Promise<void> {
  if (access.value !== 'signed_in' || !holder.value?.responder_id) return Promise.resolve()
  if (asking) {
    askAgain = true
    return asking
  }
  asking = ask().finally(() => {
    asking = null
    if (askAgain) {
      askAgain = false
      void refresh()
    }
  })
  return asking
}

async function ask(): Promise<void> {
  const who = holder.value
  const at = Date.now()
  try {
    const mine = await get<Mine>('/api/v1/mine')
    if (who?.account_id !== holder.value?.account_id) return
    if (!reached.value) {
      sender?.wake()
      feed?.wake()
    }
    reached.value = true
    heard.value = { mine, at }
    await store.setValue('mine', { mine, at })
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) sessionOver()
    else reached.value = false
  }
}

/** The feed tells when something changed; what changed is then read whole. */
function listen(): void {
  if (feed || !holder.value?.responder_id) return
  let since: { epoch: string; offset: number } | undefined
  let clock: Clock = { offset: clockOffset.value, samples: [clockOffset.value] }
  feed = new LiveFeed(browserWorld(), liveURL(), ['incidents'], {
    frames: (frames) => {
      for (const frame of frames) {
        if (!('server_time' in frame || 'event' in frame)) continue // of no change, and not of the time
        if (frame.type === 'snapshot' || frame.type === 'resumed') since = { epoch: frame.epoch, offset: frame.offset }
        else if (since) since = { ...since, offset: Math.max(since.offset, frame.offset) }
        if (frame.type !== 'event') clock = heardTime(clock, Date.parse(frame.server_time), Date.now())
      }
      clockOffset.value = clock.offset
      if (frames.some((f) => f.type === 'event' || f.type === 'snapshot')) void refresh()
    },
    link: (state) => {
      if (state === 'signed_out') sessionOver()
      if (state === 'reload') location.reload()
      if (state === 'lost') reached.value = false
      if (state === 'live') {
        if (!reached.value) void refresh()
        reached.value = true
        sender?.wake()
      }
    },
    since: () => since,
  })
  feed.start()
}

/** Makes a tap; it is kept before it is sent. */
export function tap(what: Omit<Tap, 'key' | 'at'>): Promise<void> {
  return sender?.tap({ ...what, key: newKey(), at: Date.now() }) ?? Promise.resolve()
}

export const takeBack = (key: string): Promise<void> => sender?.takeBack(key) ?? Promise.resolve()
export const dismiss = (key: string): Promise<void> => sender?.dismiss(key) ?? Promise.resolve()
export const currentStore = (): OutboxStore => store

function readLocal<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

function writeLocal(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // a full or refused storage: the page works on, only not after a restart without network
  }
}
