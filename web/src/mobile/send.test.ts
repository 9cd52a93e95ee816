import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../api/client'
import type { Item } from '../state/outbox'
import { outcomeOf, post } from './send'

afterEach(() => vi.unstubAllGlobals())

const item = (more: Partial<Item> = {}): Item => ({
  seq: 1,
  key: 'the-key',
  kind: 'assignment.en_route',
  subject: 'assignment:1',
  path: '/x',
  body: { at: 'then' },
  at: 0,
  state: 'sending',
  tries: 1,
  errors: 0,
  retryAt: 0,
  ...more,
})

function answer(status: number, body: unknown) {
  const fake = vi.fn<typeof fetch>(async () => new Response(status === 204 ? null : JSON.stringify(body), { status }))
  vi.stubGlobal('fetch', fake)
  return fake
}

describe('a kept tap', () => {
  it('goes with its own key, however often', async () => {
    const fake = answer(200, {})
    await post('/x', item())
    await post('/x', item({ tries: 2 }))
    const keys = fake.mock.calls.map(([, sent]) => new Headers(sent?.headers).get('Idempotency-Key'))
    expect(keys).toEqual(['the-key', 'the-key'])
  })

  it.each([
    ['offer.accept', { offer: { id: 3 }, assignment: { id: 77 } }, 77],
    ['offer.accept', { offer: { id: 3 } }, undefined],
    ['duty.start', { id: 44 }, 44],
    ['duty.start', { id: 'x' }, undefined],
    ['note', { id: 5 }, undefined],
  ] as const)('%s brings what later taps need', async (kind, body, result) => {
    answer(200, body)
    expect(await post('/x', item({ kind }))).toEqual({ is: 'sent', result })
  })

  it('takes no content for an answer', async () => {
    answer(204, null)
    expect(await post('/x', item({ kind: 'duty.end' }))).toEqual({ is: 'sent', result: undefined })
  })

  it.each([
    [0, 'unreachable', { is: 'failed', byServer: false, retryAfterMs: 0 }],
    [500, 'internal', { is: 'failed', byServer: true, retryAfterMs: 4000 }],
    [503, 'unavailable', { is: 'failed', byServer: true, retryAfterMs: 4000 }],
    [429, 'too_many', { is: 'failed', byServer: true, retryAfterMs: 4000 }],
    [409, 'in_flight', { is: 'failed', byServer: true, retryAfterMs: 4000 }],
    [409, 'illegal_transition', { is: 'refused', code: 'illegal_transition', message: 'why' }],
    [422, 'idempotency_key_reused', { is: 'refused', code: 'idempotency_key_reused', message: 'why' }],
    [404, 'not_found', { is: 'refused', code: 'not_found', message: 'why' }],
    [401, 'signed_out', { is: 'signed_out' }],
  ])('after %i %s', (status, code, want) => {
    expect(outcomeOf(new ApiError(status, code, 'why', [], undefined, 4))).toEqual(want)
  })

  it('is kept after an error nobody thought of', () => {
    expect(outcomeOf(new Error('odd'))).toMatchObject({ is: 'failed', byServer: false })
  })
})
