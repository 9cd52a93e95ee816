// One socket a page: subscribes, continues where it was, notices silence and
// sleep, comes back with growing pauses.
import { type Frame, parseMessage } from './frames'

export type LinkState = 'connecting' | 'live' | 'lost' | 'signed_out' | 'reload'

/** What the socket needs of the world; tests give their own. */
export interface World {
  open(url: string): Socket
  now(): number
  after(ms: number, run: () => void): () => void
  random(): number
}

export interface Socket {
  onopen: (() => void) | null
  onmessage: ((message: { data: unknown }) => void) | null
  onclose: ((why: { code: number }) => void) | null
  send(text: string): void
  close(): void
}

export interface Listener {
  frames(frames: Frame[]): void
  link(state: LinkState): void
  /** Where to continue; undefined asks for a snapshot. */
  since(): { epoch: string; offset: number } | undefined
}

// Two heartbeats missed: with drawing, the banner stands within five seconds.
const silentAfter = 4000
const firstPause = 500
const longestPause = 15_000
const closeProtocol = 4000
const closeSignedOut = 4001
const closeTooSlow = 4002
const closeUpgrade = 4005

export class LiveFeed {
  private socket: Socket | null = null
  private pause = firstPause
  private stopped = false
  private heardAt = 0
  private doubted = false
  private fromSnapshot = false
  private view: readonly number[] | undefined
  /** Frames that were dropped because they could not be read. */
  broken = 0
  /** The subscription stands: before it, its view goes with it. */
  private heardFirst = false
  private cancelWatch: () => void = () => {}
  private cancelRetry: () => void = () => {}

  constructor(
    private readonly world: World,
    private readonly url: string,
    private readonly layers: string[],
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.stopped = false
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.cancelRetry()
    this.drop()
  }

  /** Names the part of the map that is looked at: west, south, east, north. */
  look(view: readonly number[]): void {
    this.view = view
    if (this.heardFirst) this.socket?.send(JSON.stringify({ type: 'view', view }))
  }

  /** The page came back from the background or the network returned: try at once. */
  wake(): void {
    if (this.stopped) return
    if (this.socket && this.world.now() - this.heardAt < silentAfter) return
    this.pause = firstPause
    this.cancelRetry()
    this.drop()
    this.connect()
  }

  private connect(): void {
    this.listener.link('connecting')
    const socket = this.world.open(this.url)
    this.socket = socket
    this.heardFirst = false
    this.heard()
    socket.onopen = () => {
      socket.send(
        JSON.stringify({
          type: 'subscribe',
          protocol: 1,
          since: this.fromSnapshot ? undefined : this.listener.since(),
          layers: this.layers,
          view: this.view,
        }),
      )
    }
    socket.onmessage = (message) => {
      if (this.socket === socket) this.take(message.data)
    }
    socket.onclose = (why) => {
      if (this.socket === socket) this.ended(why.code)
    }
  }

  private take(data: unknown): void {
    this.heard()
    const { frames, broken, doubt } = parseMessage(typeof data === 'string' ? data : '')
    this.broken += broken
    if (doubt) {
      // What was lost is unknown: all is read again from the last offset, and
      // should that fail too, from a snapshot.
      this.fromSnapshot = this.doubted
      this.doubted = true
      this.retry()
      return
    }
    if (frames.some((f) => f.type === 'snapshot' || f.type === 'resumed')) {
      this.pause = firstPause
      this.heardFirst = true
      this.listener.link('live')
    }
    if (frames.some((f) => f.type === 'heartbeat')) this.doubted = this.fromSnapshot = false
    this.listener.frames(frames)
  }

  private heard(): void {
    this.heardAt = this.world.now()
    this.cancelWatch()
    this.cancelWatch = this.world.after(silentAfter, () => this.retry())
  }

  private ended(code: number): void {
    this.socket = null
    this.cancelWatch()
    if (this.stopped) return
    if (code === closeSignedOut || code === closeUpgrade) {
      this.listener.link(code === closeSignedOut ? 'signed_out' : 'reload')
      return
    }
    if (code === closeTooSlow) this.pause = 0
    if (code === closeProtocol) this.pause = longestPause
    this.again()
  }

  private retry(): void {
    this.drop()
    this.again()
  }

  private again(): void {
    this.listener.link('lost')
    // Full jitter: after a restart of the server its clients come back spread out.
    const wait = this.world.random() * this.pause
    this.pause = Math.min(Math.max(this.pause * 2, firstPause), longestPause)
    this.cancelRetry()
    this.cancelRetry = this.world.after(wait, () => {
      if (!this.stopped && !this.socket) this.connect()
    })
  }

  private drop(): void {
    this.cancelWatch()
    const socket = this.socket
    this.socket = null
    socket?.close()
  }
}

/** The browser's world. */
export function browserWorld(): World {
  return {
    open: (url) => new WebSocket(url) as unknown as Socket,
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    random: Math.random,
  }
}

export function liveURL(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`
}
