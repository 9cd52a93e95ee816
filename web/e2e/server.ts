// A real server: the built binary on a free port, its first accounts read from
// what it prints.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

export interface Account {
  username: string
  password: string
  role: string
  area: string
}

export class Server {
  private child: ChildProcess | undefined
  private address = '127.0.0.1:0'
  base = ''
  accounts: Account[] = []

  private constructor(
    private readonly binary: string,
    private readonly data: string,
    private readonly more: Record<string, string>,
  ) {}

  /** Starts one with more settings than the usual. */
  static async start(more: Record<string, string> = {}): Promise<Server> {
    const binary = process.env.YIPING_BINARY ?? join(import.meta.dirname, '../../.build/yiping')
    const server = new Server(binary, process.env.DATABASE_URL ? '' : await mkdtemp(join(tmpdir(), 'yiping-e2e-')), more)
    await server.run()
    return server
  }

  /** Starts one on a database of its own, for changes that would stay with the other tests. */
  static async startAlone(more: Record<string, string> = {}): Promise<Server> {
    const shared = process.env.DATABASE_URL
    if (!shared) return Server.start(more)
    const name = `e2e_${process.pid}_${Date.now()}`
    await promisify(execFile)('psql', ['-q', shared, '-c', `create database ${name}`])
    const own = shared.replace(/\/[^/?]*(?=\?|$)/, `/${name}`) // no URL to the browser's rules: its host is a folder
    return Server.start({ DATABASE_URL: own, YIPING_DATA: await mkdtemp(join(tmpdir(), 'yiping-e2e-')), ...more })
  }

  /** Starts it, the first time on a free port, later on the same one. */
  async run(): Promise<void> {
    const env = {
      ...process.env,
      YIPING_LISTEN: this.address,
      YIPING_LOG_LEVEL: 'warn',
      ...(this.data ? { YIPING_DATA: this.data } : {}),
      ...this.more,
    }
    const child = spawn(this.binary, ['serve', '--json', '--no-simulate'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    this.child = child
    const line = await new Promise<string>((done, fail) => {
      createInterface({ input: child.stdout }).once('line', done)
      child.once('exit', (code) => fail(new Error(`the server ended with ${code} before it was ready`)))
    })
    const said = JSON.parse(line) as { addresses: { base: string }; accounts: Account[] | null }
    this.base = said.addresses.base
    this.address = new URL(this.base).host
    if (said.accounts?.length) this.accounts = said.accounts
    if (!this.accounts.length) await this.resetAccounts(env)
  }

  /** On a database that was served before, the first accounts get new passwords. */
  private async resetAccounts(env: NodeJS.ProcessEnv): Promise<void> {
    for (const username of ['admin', 'commander', 'wall', 'dispatcher', 'responder1']) {
      const { stdout } = await promisify(execFile)(this.binary, ['user', 'reset', username], { env })
      this.accounts.push({ username, password: stdout.trim(), role: '', area: '' })
    }
  }

  /** Does with its database what only time would: clocks that have run out. */
  async sql(statement: string): Promise<void> {
    const database = this.more.DATABASE_URL ?? process.env.DATABASE_URL
    if (!database) throw new Error('no database to speak to')
    await promisify(execFile)('psql', ['-q', '-v', 'ON_ERROR_STOP=1', database, '-c', statement])
  }

  account(username: string): Account {
    const found = this.accounts.find((a) => a.username === username)
    if (!found) throw new Error(`no account ${username}`)
    return found
  }

  private ended(signal: NodeJS.Signals): Promise<void> {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((done) => {
      child.once('exit', () => done())
      child.kill(signal)
    })
  }

  stop(): Promise<void> {
    return this.ended('SIGINT')
  }

  /** As if the power of the machine had failed. */
  kill(): Promise<void> {
    return this.ended('SIGKILL')
  }
}
