// How a kept tap goes to the server, and what its answer means for it.
import { ApiError, command, upload } from '../api/client'
import type { Item, Outcome } from '../state/outbox'
import type { SenderWorld } from '../state/sender'

/** Sends one item; never throws. */
export async function post(path: string, item: Item): Promise<Outcome> {
  try {
    const answer = item.photo ? await upload<unknown>(path, item.photo, item.key) : await command<unknown>(path, item.body, item.key)
    return { is: 'sent', result: resultOf(item, answer) }
  } catch (e) {
    return outcomeOf(e)
  }
}

/** The id that taps after this one need. */
function resultOf(item: Item, answer: unknown): number | undefined {
  const noun = item.kind === 'offer.accept' ? field(answer, 'assignment') : item.kind === 'duty.start' ? answer : undefined
  const id = field(noun, 'id')
  return typeof id === 'number' ? id : undefined
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined
}

/** What a failed attempt means: again later, after signing in, or never. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof ApiError) || error.transient) {
    const answered = error instanceof ApiError && error.status > 0
    return { is: 'failed', byServer: answered, retryAfterMs: answered ? error.retryAfter * 1000 : 0 }
  }
  if (error.status === 401) return { is: 'signed_out' }
  return { is: 'refused', code: error.code, message: error.message }
}

/** The browser's world; `answered` is told after every answer, true when the session is over. */
export function browserSenderWorld(answered: (signedOut: boolean) => void): SenderWorld {
  return {
    post: async (path, item) => {
      const outcome = await post(path, item)
      // After the sender has noted the outcome.
      if (outcome.is !== 'failed' && item.kind !== 'offer.seen' && item.kind !== 'call_up.seen')
        setTimeout(() => answered(outcome.is === 'signed_out'), 0)
      return outcome
    },
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    random: Math.random,
    alone: (name, run) => (navigator.locks ? navigator.locks.request(name, run) : run()),
  }
}
