// How far somebody who was asked has been reached, over each channel.
import type { Message } from '../api/types'

/** One channel's sign beside an offer. */
export interface Sign {
  way: Message['channel']
  state: Message['state']
  reply: '' | 'accept' | 'decline'
  /** Why it did not arrive, '' where nothing says so. */
  failure: string
  /** An attempt failed, and another follows. */
  again: boolean
  /** When it is sent, where it waits. */
  at?: string
}

/** Gives the signs by offer, in the order the channels are tried. What was no longer wanted is not shown. */
export function signsOf(messages: Message[]): Map<number, Sign[]> {
  const signs = new Map<number, Sign[]>()
  for (const m of messages) {
    if (m.purpose !== 'offer' || m.state === 'given_up') continue
    const waits = m.state === 'queued'
    const sign: Sign = {
      way: m.channel,
      state: m.state,
      reply: m.reply,
      failure: m.state === 'failed' ? m.failure : '',
      again: waits && m.attempts > 0,
      at: waits && m.attempts === 0 ? m.next_at : undefined,
    }
    signs.set(m.offer_id, [...(signs.get(m.offer_id) ?? []), sign])
  }
  return signs
}
