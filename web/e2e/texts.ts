// The tests' gateway for text messages, with the phones behind it.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const secret = `whsec_${Buffer.from('a secret of the tests and no other').toString('base64')}`

/** A message as it came to a phone. */
export interface Text {
  id: string
  to: string
  text: string
}

export class Gateway {
  readonly texts: Text[] = []
  /** What a server is started with to send by it. */
  settings: Record<string, string> = {}

  private constructor(
    private readonly child: ChildProcess,
    private readonly base: string,
  ) {}

  static async start(): Promise<Gateway> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'gateway.mjs'), secret], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })
    const base = await new Promise<string>((done) => lines.once('line', done))
    const gateway = new Gateway(child, base)
    lines.on('line', (line) => gateway.texts.push(JSON.parse(line) as Text))
    const file = join(await mkdtemp(join(tmpdir(), 'yiping-e2e-')), 'gateway.key')
    await writeFile(file, `${secret}\n`, { mode: 0o600 })
    gateway.settings = {
      YIPING_GATEWAY_URL: base,
      YIPING_GATEWAY_SECRET_FILE: file,
      YIPING_GATEWAY_NAME: 'e2e',
      YIPING_OUTBOUND_ALLOW: base,
    }
    return gateway
  }

  /** Somebody answers from their telephone; the gateway hands it on more than once. */
  async answer(server: string, from: string, text: string): Promise<void> {
    const said = { to: server, path: 'answers', id: `answer-${from}-${text}`, body: { channel: 'sms', from, text } }
    const taken = await fetch(`${this.base}/test/say`, { method: 'POST', body: JSON.stringify(said) })
    const statuses = (await taken.json()) as number[]
    if (statuses.some((s) => s >= 300)) throw new Error(`the server answers ${statuses} to a text`)
  }

  stop(): void {
    this.child.stdin?.end()
  }
}
