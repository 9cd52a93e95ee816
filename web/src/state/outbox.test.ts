import { describe, expect, it } from 'vitest'
import type { Box, Item } from './outbox'
import * as outbox from './outbox'

const tap = (key: string, more: Partial<Item> = {}) => ({
  key,
  kind: 'assignment.en_route' as const,
  subject: 'assignment:1',
  path: '/api/v1/assignments/1/en-route',
  body: {},
  at: 1000,
  ...more,
})

const boxOf = (...taps: ReturnType<typeof tap>[]): Box => taps.reduce<Box>((box, t) => outbox.enqueue(box, t), [])
const stateOf = (box: Box, key: string) => box.find((i) => i.key === key)?.state

describe('the outbox', () => {
  it('keeps the order of the taps', () => {
    let box = boxOf(tap('a'), tap('b'), tap('c'))
    const order: string[] = []
    for (let item = outbox.next(box, 'taps', 0); item; item = outbox.next(box, 'taps', 0)) {
      order.push(item.key)
      box = outbox.settle(outbox.sending(box, item.key), item.key, { is: 'sent' }, 0, 0)
    }
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('takes the same key once', () => {
    expect(boxOf(tap('a'), tap('a'))).toHaveLength(1)
  })

  it('sends nothing beside what is on its way', () => {
    expect(outbox.next(outbox.sending(boxOf(tap('a'), tap('b')), 'a'), 'taps', 0)).toBeUndefined()
  })

  it('sends again, with its key, what was on its way when the page was killed', () => {
    const again = outbox.reopen(outbox.sending(boxOf(tap('a'), tap('b')), 'a'))
    expect(outbox.next(again, 'taps', 0)?.key).toBe('a')
  })

  it('waits with a growing pause after a failure and holds up what is behind', () => {
    let box = outbox.sending(boxOf(tap('a'), tap('b')), 'a')
    box = outbox.settle(box, 'a', { is: 'failed', byServer: false }, 5000, 1)
    expect(outbox.next(box, 'taps', 5999)).toBeUndefined()
    expect(outbox.wakeAt(box, 'taps')).toBe(6000)
    expect(outbox.next(box, 'taps', 6000)?.key).toBe('a')
  })

  it('honours how long the server asks to wait', () => {
    const box = outbox.settle(outbox.sending(boxOf(tap('a')), 'a'), 'a', { is: 'failed', byServer: true, retryAfterMs: 9000 }, 0, 1)
    expect(outbox.wakeAt(box, 'taps')).toBe(9000)
  })

  it.each([
    ['lets others past what the server cannot deal with', true, 'b'],
    ['keeps the order however long there is no network', false, undefined],
  ])('%s', (_, byServer, want) => {
    let box = boxOf(tap('a'), tap('b'))
    for (let n = 0; n < outbox.heldUpFor; n++) box = outbox.settle(outbox.sending(box, 'a'), 'a', { is: 'failed', byServer }, 0, 1)
    expect(outbox.next(box, 'taps', 1)?.key).toBe(want)
  })

  it('goes on behind a refusal and keeps its reason', () => {
    const box = outbox.settle(
      outbox.sending(boxOf(tap('a'), tap('b')), 'a'),
      'a',
      { is: 'refused', code: 'illegal_transition', message: 'x' },
      0,
      0,
    )
    expect(outbox.refusals(box).map((i) => i.code)).toEqual(['illegal_transition'])
    expect(outbox.next(box, 'taps', 0)?.key).toBe('b')
    expect(outbox.dismiss(box, 'a')).toHaveLength(1)
  })

  it('ignores an answer that comes after the first', () => {
    let box = outbox.settle(outbox.sending(boxOf(tap('a')), 'a'), 'a', { is: 'sent', result: 4 }, 0, 0)
    box = outbox.settle(box, 'a', { is: 'failed', byServer: false }, 0, 0)
    box = outbox.settle(box, 'a', { is: 'refused', code: 'x', message: '' }, 0, 0)
    expect(box[0]).toMatchObject({ state: 'sent', result: 4 })
  })

  it('does not count a lost session as a try', () => {
    const box = outbox.settle(outbox.sending(boxOf(tap('a')), 'a'), 'a', { is: 'signed_out' }, 0, 1)
    expect(box[0]).toMatchObject({ state: 'waiting', tries: 0, retryAt: 0 })
  })

  it('fills in the id that an earlier tap brought', () => {
    let box = boxOf(tap('accept', { kind: 'offer.accept' }), tap('go', { after: 'accept', path: '/api/v1/assignments/{id}/en-route' }))
    const go = box[1] as Item
    expect(outbox.dependency(box, go)).toBe('waiting')
    expect(outbox.pathOf(box, go)).toBeUndefined()
    box = outbox.settle(outbox.sending(box, 'accept'), 'accept', { is: 'sent', result: 77 }, 0, 0)
    expect(outbox.pathOf(box, go)).toBe('/api/v1/assignments/77/en-route')
  })

  it('lets a photo neither delay a tap nor wait for one', () => {
    const box = outbox.sending(boxOf(tap('p', { kind: 'photo' }), tap('a')), 'p')
    expect(outbox.next(box, 'taps', 0)?.key).toBe('a')
    expect(outbox.next(outbox.sending(boxOf(tap('a'), tap('p', { kind: 'photo' })), 'a'), 'photos', 0)?.key).toBe('p')
  })

  it('takes back only what has not left', () => {
    const box = boxOf(tap('start'), tap('end', { after: 'start' }))
    expect(outbox.takeBack(box, 'start')).toHaveLength(0)
    const left = outbox.settle(outbox.sending(box, 'start'), 'start', { is: 'failed', byServer: false }, 0, 0)
    expect(outbox.takeBack(left, 'start')).toHaveLength(2)
  })

  it('tries at once when the network is back', () => {
    const box = outbox.settle(outbox.sending(boxOf(tap('a')), 'a'), 'a', { is: 'failed', byServer: false }, 5000, 1)
    expect(outbox.next(outbox.hurry(box), 'taps', 5000)?.key).toBe('a')
  })

  it('keeps a bounded number of finished items, and any that others wait for', () => {
    let box = boxOf(tap('first', { kind: 'offer.accept' }), tap('go', { after: 'first', path: '/x/{id}' }))
    box = outbox.settle(outbox.sending(box, 'first'), 'first', { is: 'sent', result: 1 }, 0, 0)
    for (let n = 0; n < 100; n++) {
      box = outbox.enqueue(box, tap(`n${n}`, { kind: 'photo' }))
      box = outbox.settle(outbox.sending(box, `n${n}`), `n${n}`, { is: 'sent' }, 0, 0)
    }
    expect(box.length).toBeLessThanOrEqual(outbox.keptFinished + 2)
    expect(stateOf(box, 'first')).toBe('sent')
  })

  it('spreads pauses between nothing and a bound', () => {
    expect(outbox.pause(1, 1)).toBe(1000)
    expect(outbox.pause(20, 1)).toBe(30_000)
    expect(outbox.pause(5, 0)).toBe(0)
  })
})
