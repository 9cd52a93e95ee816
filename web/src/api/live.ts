// One socket a page: subscribes, continues where it was, notices silence and
// sleep, comes back as the table of close codes says, with growing pauses.
import { type Frame, parseMessage } from './frames'
import { type CloseCode, closeCodes, protocol } from './live.gen'

export type LinkState = 'connecting' | 'live' | 'lost' | 'signed_out' | 'reload'

/** What the socket needs of the world; tests give their own. */
export interface World {
  open(url: string): Socket
  /** Time that only passes, though perhaps not while the machine sleeps. */
  passed(): number
  /** Time by the clock, which sleep moves and people set. */
  clock(): number
  after(ms: number, run: () => void): () => void
  random(): number
  /** Calls `wake` when the page or the network comes back, `gone` when the network goes. */
  watch(wake: () => void, gone: () => void): () => void
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

/** A connection that broke, and whatever close is not in the table. */
const closeLost = closeCodes[1006] as CloseCode
// Two heartbeats missed: with drawing, the banner stands within five seconds. The
// first word of a new connection is waited for longer after attempts in vain: a server
// that is late for many would be late for ever if all gave up and came again.
const silentAfter = 4000
/** How long messages that came while the page slept are waited for before it counts as silence. */
const grace = 300
const firstPause = 500
const longestPause = 15_000
/** So long nothing broken came: what came before is forgotten. */
const soundAfter = 60_000

export class LiveFeed {
  private socket: Socket | null = null
  private pause = firstPause
  private stopped = false
  private heardAt = { passed: 0, clock: 0 }
  /** When something broken came last. */
  private brokenAt = -soundAfter
  private fromSnapshot = false
  private view: readonly number[] | undefined
  private incident: number | null = null
  /** Frames that were dropped because they could not be read. */
  broken = 0
  /** The subscription stands: before it, what the page says goes with it. */
  private heardFirst = false
  private cancelWatch: () => void = () => {}
  private cancelRetry: () => void = () => {}
  private cancelSignals: () => void = () => {}

  constructor(
    private readonly world: World,
    private readonly url: string,
    private readonly layers: string[],
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.stopped = false
    this.cancelSignals()
    this.cancelSignals = this.world.watch(
      () => this.wake(),
      () => this.gone(),
    )
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.cancelRetry()
    this.cancelSignals()
    this.drop()
  }

  /** Names the part of the map that is looked at: west, south, east, north. */
  look(view: readonly number[]): void {
    this.view = view
    if (this.heardFirst) this.say({ type: 'view', view })
  }

  /** Says which incident is open: who has the same one open is told. */
  watching(incident: number | null): void {
    if (incident === this.incident) return
    this.incident = incident
    if (this.heardFirst) this.say({ type: 'watching', incident })
  }

  /** The page came back from the background or the network returned: try at once. */
  wake(): void {
    if (this.stopped || (this.socket && this.silence() < silentAfter)) return
    this.pause = firstPause
    this.cancelRetry()
    this.drop()
    this.connect()
  }

  /** The network is said to be gone: it is tried seldom until it is said to be back. */
  private gone(): void {
    if (this.stopped) return
    this.pause = longestPause
    this.retry()
  }

  /** How long nothing was heard; a clock that was put back tells nothing. */
  private silence(): number {
    return Math.max(this.world.passed() - this.heardAt.passed, this.world.clock() - this.heardAt.clock)
  }

  private say(message: unknown): void {
    this.socket?.send(JSON.stringify(message))
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
          protocol,
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
    if (doubt || !this.handOn(frames)) {
      // What was lost is unknown, and what stands may be wrong: all is read anew.
      this.fromSnapshot = true
      this.brokenAt = this.world.passed()
      this.retry()
      return
    }
    if (frames.some((f) => f.type === 'snapshot')) this.fromSnapshot = false
    if (!this.heardFirst && frames.some((f) => f.type === 'snapshot' || f.type === 'resumed')) {
      this.heardFirst = true
      if (this.incident !== null) this.say({ type: 'watching', incident: this.incident })
      this.listener.link('live')
    }
    // Not by its first word: a server that ends at once is not tried without a pause.
    if (this.heardFirst && frames.some((f) => f.type === 'heartbeat') && this.world.passed() - this.brokenAt >= soundAfter)
      this.pause = firstPause
  }

  /** Whether the frames were taken in. */
  private handOn(frames: Frame[]): boolean {
    try {
      this.listener.frames(frames)
      return true
    } catch {
      this.broken++
      return false
    }
  }

  private heard(): void {
    this.heardAt = { passed: this.world.passed(), clock: this.world.clock() }
    const patience = this.heardFirst ? silentAfter : Math.max(silentAfter, this.pause)
    this.cancelWatch()
    this.cancelWatch = this.world.after(patience, () => {
      // Late itself: the page slept, and what came meanwhile is still to be read.
      if (this.silence() > patience + grace) this.cancelWatch = this.world.after(grace, () => this.retry())
      else this.retry()
    })
  }

  private ended(code: number): void {
    this.socket = null
    this.cancelWatch()
    if (this.stopped) return
    const close = closeCodes[code] ?? closeLost
    if (close.next === 'sign_in') {
      this.listener.link('signed_out')
      return
    }
    if (close.next === 'reload') {
      this.listener.link('lost')
      this.cancelRetry = this.world.after(this.world.random() * close.after_ms, () => this.listener.link('reload'))
      return
    }
    // The pause of the table is for the first attempt; those in vain have made it longer.
    this.again(this.pause > firstPause ? Math.max(this.pause, close.after_ms) : close.after_ms)
  }

  private retry(): void {
    this.drop()
    this.again(this.pause)
  }

  private again(pause: number): void {
    this.listener.link('lost')
    // Full jitter: after a restart of the server its clients come back spread out.
    const wait = this.world.random() * pause
    this.pause = Math.min(Math.max(pause * 2, firstPause * 2), longestPause)
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
    passed: () => performance.now(),
    clock: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    random: Math.random,
    watch: (wake, gone) => {
      const seen = () => document.visibilityState === 'visible' && wake()
      document.addEventListener('visibilitychange', seen)
      window.addEventListener('pageshow', wake)
      window.addEventListener('online', wake)
      window.addEventListener('offline', gone)
      return () => {
        document.removeEventListener('visibilitychange', seen)
        window.removeEventListener('pageshow', wake)
        window.removeEventListener('online', wake)
        window.removeEventListener('offline', gone)
      }
    },
  }
}

export function liveURL(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`
}
