// What every page has: who is signed in, the installation, the feed's picture,
// the link, the time.
import { computed, ref, shallowRef } from 'vue'
import { ApiError, command, get, remove, whenSignedOut } from '../api/client'
import { browserWorld, type LinkState, LiveFeed, liveURL } from '../api/live'
import type { Area, Config, Session } from '../api/types'
import { emptyPicture, foldAll, type Picture } from './feed'

export const session = shallowRef<Session | null>(null)
export const config = shallowRef<Config | null>(null)
export const areas = shallowRef<ReadonlyMap<number, Area>>(new Map())
export const picture = shallowRef<Picture>(emptyPicture())
export const link = ref<LinkState>('connecting')
export const lostSince = ref(0)
export const ready = ref(false)
const ticking = ref(Date.now())

/** The server's time, ticking each second. */
export const now = computed(() => ticking.value + picture.value.clockOffset)
setInterval(() => {
  ticking.value = Date.now()
}, 1000)

let feed: LiveFeed | null = null
let layers: string[] = []

/** Reads who is signed in and the installation; true when somebody is. */
export async function begin(wanted: string[]): Promise<void> {
  layers = wanted
  whenSignedOut(signedOut)
  config.value = await untilReached(() => get<Config>('/api/v1/config'))
  try {
    session.value = await get<Session>('/api/v1/session')
    await enter()
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 401) throw e
  }
  ready.value = true
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

export async function signIn(username: string, password: string): Promise<void> {
  session.value = await command<Session>('/api/v1/session', { username, password })
  await enter()
}

export async function signOut(): Promise<void> {
  await remove('/api/v1/session')
  signedOut()
}

/** Reads the area tree, again where it was changed. */
export async function readAreas(): Promise<void> {
  const tree = await get<{ areas: Area[] }>('/api/v1/areas')
  areas.value = new Map(tree.areas.map((a) => [a.id, a]))
}

async function enter(): Promise<void> {
  const roles = session.value?.roles.map((r) => r.role) ?? []
  if (roles.some((r) => r !== 'responder')) await readAreas()
  feed = new LiveFeed(browserWorld(), liveURL(), layers, {
    frames: (frames) => {
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

function signedOut(): void {
  feed?.stop()
  feed = null
  session.value = null
  picture.value = emptyPicture()
}

if (typeof document !== 'undefined') {
  const wake = () => {
    if (document.visibilityState === 'visible') feed?.wake()
  }
  document.addEventListener('visibilitychange', wake)
  window.addEventListener('online', () => feed?.wake())
}

export function areaName(id: number | undefined): string {
  return (id !== undefined && areas.value.get(id)?.name) || ''
}

export function typeName(code: string, language: string): string {
  const type = config.value?.incident_types.find((t) => t.code === code)
  return type ? (language === 'zh' ? type.name_zh : type.name_en) : code
}
