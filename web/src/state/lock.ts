// When a console that was left alone locks. The windows of one browser share it
// through a store: what is done in one keeps all of them open, and locking or
// unlocking one does so to all. Nothing here knows of pages or servers.

/** What the windows of a browser share. */
export interface Shared {
  account: number
  /** When somebody last pressed a key or moved the pointer, ms since 1970. */
  used: number
  locked: boolean
  /** Counts lockings and unlockings: of two words about them the later holds. */
  turn: number
}

export interface LockWorld {
  now(): number
  read(): Shared | null
  write(shared: Shared): void
}

/** How exactly the other windows know of use, in ms. */
const sharedEvery = 5000

export class Lock {
  private state: Shared
  private wrote = Number.NEGATIVE_INFINITY

  /** Locks after so many ms without use, 0 for never by itself. `changed` is told of each change. */
  constructor(
    private readonly world: LockWorld,
    account: number,
    private readonly after: number,
    locked: boolean,
    private readonly changed: (locked: boolean) => void,
  ) {
    const kept = world.read()
    const turn = kept?.account === account ? kept.turn : 0
    // A window that is opened anew stays locked where the others are.
    const stays = locked || (kept?.account === account && kept.locked)
    this.state = { account, used: world.now(), locked: stays, turn }
    this.share()
    if (stays) changed(true)
  }

  get locked(): boolean {
    return this.state.locked
  }

  /** Somebody is there. After too long it locks instead: a machine that slept told of no time. */
  use(): void {
    this.tick()
    if (this.state.locked) return
    this.state = { ...this.state, used: this.world.now() }
    if (this.state.used - this.wrote >= sharedEvery) this.share()
  }

  /** Looks at the clock; to be called each second, and when the machine wakes up. */
  tick(): void {
    if (!this.state.locked && this.after > 0 && this.world.now() - this.state.used >= this.after) this.lock()
  }

  lock(): void {
    this.turn(true)
  }

  unlock(): void {
    this.turn(false)
  }

  /** Another window wrote. */
  heard(other: Shared | null): void {
    if (other?.account !== this.state.account) return
    const before = this.state.locked
    if (other.turn < this.state.turn) {
      this.share() // it had not heard of the last turn
      return
    }
    this.state = {
      ...this.state,
      used: Math.max(this.state.used, other.used),
      locked: other.turn > this.state.turn ? other.locked : before,
      turn: other.turn,
    }
    if (this.state.locked !== before) this.changed(this.state.locked)
  }

  private turn(locked: boolean): void {
    if (this.state.locked === locked) return
    this.state = { ...this.state, used: this.world.now(), locked, turn: this.state.turn + 1 }
    this.share()
    this.changed(locked)
  }

  private share(): void {
    this.wrote = this.world.now()
    this.world.write(this.state)
  }
}

/** Reads what a window wrote; null for anything else. */
export function sharedOf(text: string | null): Shared | null {
  try {
    const s: unknown = JSON.parse(text ?? 'null')
    if (typeof s !== 'object' || s === null) return null
    const { account, used, locked, turn } = s as Record<string, unknown>
    if (typeof account !== 'number' || typeof used !== 'number' || typeof locked !== 'boolean' || typeof turn !== 'number') return null
    return { account, used, locked, turn }
  } catch {
    return null
  }
}
