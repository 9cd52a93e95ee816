import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, command, get, newKey, setLanguage, upload, whenHeld, whenSignedOut } from './client'

afterEach(() => vi.unstubAllGlobals())

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const fake = vi.fn<typeof fetch>(async () => new Response(status === 204 ? null : text, { status, headers }))
  vi.stubGlobal('fetch', fake)
  return fake
}

const failure = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => Promise.reject(new Error('it went well')),
    (e: ApiError) => e,
  )

describe('the client', () => {
  it('leaves out parameters without a value and escapes the others', async () => {
    const fake = answer(200, {})
    await get('/api/v1/search', { q: '长寿 & co', limit: 5, cursor: undefined, state: '' })
    expect(fake.mock.calls[0]?.[0]).toBe('/api/v1/search?q=%E9%95%BF%E5%AF%BF%20%26%20co&limit=5')
  })

  it('sends the language, the key given and JSON', async () => {
    const fake = answer(201, { id: 1 })
    setLanguage('en')
    await command('/api/v1/duty/start', { a: 1 }, 'key-1')
    const sent = fake.mock.calls[0]?.[1]
    expect(sent).toMatchObject({ method: 'POST', body: '{"a":1}', credentials: 'same-origin' })
    expect(sent?.headers).toEqual({ 'Accept-Language': 'en', 'Content-Type': 'application/json', 'Idempotency-Key': 'key-1' })
  })

  it('makes a new key a command, of the form of a UUID, without a secure context too', async () => {
    expect(newKey()).not.toBe(newKey())
    vi.stubGlobal('crypto', { getRandomValues: (b: Uint8Array) => b.fill(0xff) })
    expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('lets the browser write the type of a form', async () => {
    const fake = answer(201, {})
    await upload('/api/v1/incidents/1/photos', new Blob(['x']), 'k')
    expect(fake.mock.calls[0]?.[1]?.headers).not.toHaveProperty('Content-Type')
    expect(fake.mock.calls[0]?.[1]?.body).toBeInstanceOf(FormData)
  })

  it('reads a problem: code, sentence, fields, what is now', async () => {
    const problem = {
      status: 409,
      code: 'version_conflict',
      detail: '已被修改',
      errors: [{ location: 'version', message: '旧' }],
      current: { version: 3 },
    }
    answer(409, problem)
    const e = await failure(command('/x'))
    expect(e).toMatchObject({ status: 409, code: 'version_conflict', message: '已被修改', current: { version: 3 }, transient: false })
    expect(e.fields).toEqual([{ location: 'version', message: '旧' }])
  })

  it.each([
    [429, { code: 'too_many' }, true],
    [503, { code: 'unavailable' }, true],
    [502, '<html>proxy</html>', true],
    [409, { code: 'in_flight' }, true],
    [422, { code: 'invalid', errors: 'many' }, false],
    [403, { code: 5 }, false],
    [404, [], false],
    [400, 'null', false],
  ])('tells of a %i whether it may be sent again', async (status, body, transient) => {
    answer(status, body, { 'Retry-After': '7' })
    const e = await failure(command('/x'))
    expect(e).toBeInstanceOf(ApiError)
    expect(e).toMatchObject({ status, transient, retryAfter: 7 })
  })

  it('calls a dead network, and a page instead of JSON, unreachable', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')))
    expect(await failure(get('/x'))).toMatchObject({ status: 0, code: 'unreachable', transient: true })
    answer(200, '<html>please sign in to this network</html>')
    expect(await failure(get('/x'))).toMatchObject({ status: 0, code: 'unreachable' })
  })

  it('says that the session is over, but not for a wrong password', async () => {
    const over = vi.fn()
    whenSignedOut(over)
    answer(401, { code: 'bad_credentials' })
    await failure(command('/api/v1/session'))
    expect(over).not.toHaveBeenCalled()
    answer(401, { code: 'signed_out' })
    await failure(get('/x'))
    expect(over).toHaveBeenCalledOnce()
  })

  it.each([423, 403])('says that the session has to wait', async (status) => {
    const held = vi.fn()
    whenHeld(held)
    answer(status, { code: 'forbidden' })
    await failure(command('/x'))
    expect(held).not.toHaveBeenCalled()
    answer(status, { code: status === 423 ? 'session_locked' : 'step_required' })
    await failure(command('/x'))
    expect(held).toHaveBeenCalledOnce()
  })

  it('takes no content for an answer', async () => {
    answer(204, '')
    await expect(command('/x')).resolves.toBeUndefined()
  })
})
