import { afterEach, describe, expect, it, vi } from 'vitest'
import { sendPhotos, sendReport } from './report'

afterEach(() => vi.unstubAllGlobals())

/** Answers one after another; 0 is a dead network. Gives the keys that were sent. */
function answers(...statuses: number[]): string[] {
  const keys: string[] = []
  const fake = async (_: unknown, sent?: RequestInit) => {
    keys.push(new Headers(sent?.headers).get('Idempotency-Key') ?? '')
    const status = statuses.shift() ?? 201
    if (status === 0) throw new TypeError('dead')
    const body = status < 300 ? { tracking: 'ABCD-EFGH-JKMN', received_at: '2026-11-23T00:00:00Z' } : { code: 'x', detail: '' }
    return new Response(JSON.stringify(body), { status })
  }
  vi.stubGlobal('fetch', fake)
  return keys
}

const report = { type_code: 'urban.manhole', lon: 1, lat: 2 }

describe('a report', () => {
  it('keeps its key until it has arrived, so that it is taken once', async () => {
    const keys = answers(0, 503, 201, 201)
    await expect(sendReport(report, [])).rejects.toMatchObject({ status: 0 })
    await expect(sendReport({ ...report }, [])).rejects.toMatchObject({ status: 503 })
    expect(await sendReport({ ...report }, [])).toMatchObject({ tracking: 'ABCD-EFGH-JKMN', type_code: 'urban.manhole' })
    expect(new Set(keys).size).toBe(1)
    await sendReport({ ...report }, [])
    expect(new Set(keys).size).toBe(2)
  })

  it('is another one when its words change', async () => {
    const keys = answers(0, 201)
    await sendReport(report, []).catch(() => {})
    await sendReport({ ...report, words: '还有人受伤' }, [])
    expect(new Set(keys).size).toBe(2)
  })

  it('keeps photos that did not arrive, with their keys, and forgets those refused', async () => {
    const photos = ['a', 'b', 'c'].map((key) => ({ key, blob: new Blob([key]) }))
    const keys = answers(201, 422, 0)
    const left = await sendPhotos('T', photos)
    expect(left).toEqual([photos[2]])
    await sendPhotos('T', left)
    expect(keys).toEqual(['a', 'b', 'c', 'c'])
  })
})
