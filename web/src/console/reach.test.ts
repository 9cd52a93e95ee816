import { expect, test } from 'vitest'
import type { Message } from '../api/types'
import { signsOf } from './reach'

const message = (more: Partial<Message>): Message => ({
  id: 1,
  offer_id: 7,
  channel: 'sms',
  purpose: 'offer',
  state: 'sent',
  attempts: 1,
  failure: '',
  reply: '',
  ...more,
})

test('each channel has its sign, beside its offer', () => {
  const signs = signsOf([
    message({ channel: 'in_app', state: 'read', attempts: 0 }),
    message({ state: 'queued', attempts: 0, next_at: '2026-11-26T12:00:00Z' }),
    message({ channel: 'voice', state: 'given_up', attempts: 0 }),
    message({ offer_id: 8, state: 'read', reply: 'accept' }),
    message({ offer_id: 8, purpose: 'answered' }),
  ])
  expect(signs.get(7)).toEqual([
    { way: 'in_app', state: 'read', reply: '', failure: '', again: false, at: undefined },
    { way: 'sms', state: 'queued', reply: '', failure: '', again: false, at: '2026-11-26T12:00:00Z' },
  ])
  expect(signs.get(8)).toHaveLength(1)
  expect(signs.get(8)?.[0]?.reply).toBe('accept')
})

test('what is tried again says so, and a reason belongs to what failed alone', () => {
  const [again, failed] = signsOf([
    message({ state: 'queued', failure: 'unreachable', next_at: '2026-11-26T12:00:00Z' }),
    message({ channel: 'voice', state: 'failed', failure: 'no_number' }),
  ]).get(7) ?? [undefined, undefined]
  expect(again).toMatchObject({ again: true, failure: '', at: undefined })
  expect(failed).toMatchObject({ again: false, failure: 'no_number' })
})
