// What every page has: who is signed in, the installation, the feed's picture,
// the link, the time.
import { computed, ref, shallowRef } from 'vue'
import { ApiError, get, whenHeld, whenSignedOut } from '../api/client'
import { signOut as endSession, whoAmI } from '../api/identity'
import { browserWorld, type LinkState, LiveFeed, liveURL } from '../api/live'
import type { Area, Config, Session } from '../api/types'
import { emptyPicture, foldAll, type Picture } from './feed'
import { guard, lockNow, unguard } from './guard'

/** Whose page it is; it stays so when the session ends on a page that waits. */
export const session = shallowRef<Session | null>(null)
/** Who has signed in and has something to do before they go on. */
export const pending = shallowRef<Session | null>(null)
/** Whether the session is over, on a page that waits for its person. */
export const ended = ref(false)
/** Counts the sessions that ended by themselves. */
export const endings = ref(0)
export const config = shallowRef<Config | null>(null)
export const areas = shallowRef<ReadonlyMap<number, Area>>(new Map())
export const picture = shallowRef<Picture>(emptyPicture())
export const link = ref<LinkState>('connecting')
export const lostSince = ref(0)
export const ready = ref(false)
const ticking = ref(Date.now())

/** The server's time, ticking each second. */
export const now = computed(() => ticking.value + picture.value.clock.offset)
setInterval(() => {
  ticking.value = Date.now()
}, 1000)

let feed: LiveFeed | null = null
let layers: string[] = []
let attended = false
const lookEvery = 60_000

/**
 * Reads who is signed in and the installation. A page that is attended locks
 * when it is left alone, and waits as it is when its session ends.
 */
export async function begin(wanted: string[], isAttended = false): Promise<void> {
  layers = wanted
  attended = isAttended
  whenSignedOut(signedOut)
  whenHeld(() => void look())
  config.value = await untilReached(() => get<Config>('/api/v1/config'))
  try {
    await entered(await whoAmI())
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 401) throw e
  }
  ready.value = true
  setInterval(() => document.visibilityState === 'visible' && void look(), lookEvery)
}

async function untilReached<T>(read: () => Promise<T>): Promise<T> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    try {
      return await read()
    } catch (e) {
      if (!(e instanceof ApiError) || !e.transient) throw e
      await new Promise((done) => setTimeout(done, pause))
    }
  }
}

/** Somebody has signed in, now (`fresh`) or before. Whoever has something to do first waits. */
export async function entered(next: Session, fresh = false): Promise<void> {
  if (next.needs.length > 0) {
    pending.value = next
    return
  }
  // The page is another's: nothing of it is for this one.
  if (session.value && session.value.account_id !== next.account_id) return location.reload()
  pending.value = null
  ended.value = false
  session.value = next
  if (attended) guard(next, fresh, () => void look())
  await enter()
}

/** Who had something to do first has left it and signed out. */
export function left(): void {
  pending.value = null
}

/** Looks whether the session is as it was: its roles, or something to do first. */
async function look(): Promise<void> {
  if (!session.value || ended.value) return
  const next = await whoAmI().catch(() => null)
  if (!next || ended.value) return
  if (next.account_id !== session.value.account_id) return location.reload()
  pending.value = next.needs.length > 0 ? next : null
  if (attended && next.locked) lockNow()
  const rights = (s: Session) => JSON.stringify(s.roles)
  if (rights(next) !== rights(session.value)) await readAreas().catch(() => {})
  session.value = next
}

/** Signs out and leaves nothing on the page. */
export async function signOut(): Promise<void> {
  if (!ended.value) await endSession()
  unguard()
  location.replace(location.pathname)
}

/** Reads the area tree, again where it was changed. */
export async function readAreas(): Promise<void> {
  const tree = await get<{ areas: Area[] }>('/api/v1/areas')
  areas.value = new Map(tree.areas.map((a) => [a.id, a]))
}

async function enter(): Promise<void> {
  const roles = session.value?.roles.map((r) => r.role) ?? []
  if (roles.some((r) => r !== 'responder')) await readAreas()
  feed?.stop()
  feed = new LiveFeed(browserWorld(), liveURL(), layers, {
    frames: (frames) => {
      // A whole picture in the middle is one under other rights: what is offered follows.
      if (picture.value.epoch && frames.some((f) => f.type === 'snapshot' && f.reason === 'first')) void look()
      picture.value = foldAll(picture.value, frames, Date.now())
    },
    link: (state) => {
      if (state === 'signed_out') signedOut()
      if (state === 'reload') location.reload()
      if (state === 'lost' && link.value === 'live') lostSince.value = Date.now()
      // A new attempt does not hide that the picture is old.
      if (!(state === 'connecting' && lostSince.value > 0)) link.value = state
      if (state === 'live') lostSince.value = 0
    },
    since: () => (picture.value.epoch ? { epoch: picture.value.epoch, offset: picture.value.offset } : undefined),
  })
  if (lookedAt) feed.look(lookedAt)
  feed.watching(openIncident)
  feed.start()
}

/** Names the part of the map that is looked at: people are told of there. */
export function lookAt(view: readonly number[]): void {
  lookedAt = view
  feed?.look(view)
}
let lookedAt: readonly number[] | undefined
// A crowd is counted again now and then: its people are not followed one by one.
setInterval(() => {
  if (lookedAt && picture.value.crowd.length > 0 && link.value === 'live') feed?.look(lookedAt)
}, 15_000)

/** Says which incident is open on this page: who else has it open is in the picture. */
export function watching(incident: number | null): void {
  openIncident = incident
  feed?.watching(incident)
}
let openIncident: number | null = null

/** The session is over by itself. */
function signedOut(): void {
  feed?.stop()
  feed = null
  endings.value++
  pending.value = null
  if (session.value && attended) {
    ended.value = true
    return
  }
  session.value = null
  picture.value = emptyPicture()
}

export function areaName(id: number | undefined): string {
  return (id !== undefined && areas.value.get(id)?.name) || ''
}

export function typeName(code: string, language: string): string {
  const type = config.value?.incident_types.find((t) => t.code === code)
  return type ? (language === 'zh' ? type.name_zh : type.name_en) : code
}
