// The HTTP side of the API: typed answers, problems as errors, one idempotency
// key a command, the same one when it is sent again.

/** A refusal of the server (RFC 9457), or that it could not be reached (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: { location: string; message: string }[] = [],
    readonly current: unknown = undefined,
    readonly retryAfter = 0,
  ) {
    super(message)
  }

  /** Whether sending the same again later can succeed. */
  get transient(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429 || this.code === 'in_flight'
  }
}

let language = 'zh-CN'
let onSignedOut: () => void = () => {}
let onHeld: () => void = () => {}

export function setLanguage(tag: string): void {
  language = tag
}

/** Says what to do when the session is over. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback
}

/** Says what to do when the session has to wait: it is locked, or something has to be done first. */
export function whenHeld(callback: () => void): void {
  onHeld = callback
}

export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  // Not a secure context (a phone on the local network): the same form by hand.
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

type Method = 'GET' | 'POST' | 'DELETE'
type Params = Record<string, string | number | boolean | undefined>

/** How long an answer may take before it counts as unreachable. */
const answerWithin = 20_000
const uploadWithin = 120_000

async function request<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { 'Accept-Language': language }
  if (body !== undefined && !(body instanceof FormData)) headers['Content-Type'] = 'application/json'
  if (key) headers['Idempotency-Key'] = key
  let response: Response
  try {
    const payload = body === undefined ? undefined : body instanceof FormData ? body : JSON.stringify(body)
    const signal = AbortSignal.timeout(body instanceof FormData ? uploadWithin : answerWithin)
    response = await fetch(path, { method, headers, body: payload, credentials: 'same-origin', signal })
    if (response.status === 204) return undefined as T
    // A page instead of JSON is somebody else's answer, such as the sign-in page of a public network.
    if (response.ok) return (await response.json()) as T
  } catch {
    throw new ApiError(0, 'unreachable', '')
  }
  const error = await readProblem(response)
  if (response.status === 401 && error.code === 'signed_out') onSignedOut()
  if (error.code === 'session_locked' || error.code === 'step_required') onHeld()
  throw error
}

async function readProblem(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('Retry-After')) || 0
  try {
    const p: unknown = await response.json()
    if (p && typeof p === 'object') {
      const { code, detail, errors, current } = p as Record<string, unknown>
      const fields = Array.isArray(errors)
        ? errors.filter((e): e is { location: string; message: string } => typeof e?.message === 'string')
        : []
      return new ApiError(
        response.status,
        typeof code === 'string' ? code : 'unknown',
        typeof detail === 'string' ? detail : '',
        fields,
        current,
        retryAfter,
      )
    }
  } catch {
    // a proxy's page, not ours
  }
  return new ApiError(response.status, 'unknown', response.statusText, [], undefined, retryAfter)
}

/** Reads; parameters that are undefined or empty are left out. */
export function get<T>(path: string, params: Params = {}): Promise<T> {
  const query = Object.entries(params)
    .filter(([, v]) => v !== undefined && v !== '')
    .map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(String(v))}`)
    .join('&')
  return request<T>('GET', query ? `${path}?${query}` : path)
}

/** Carries out a command; the key may be given to repeat one. */
export function command<T>(path: string, body: unknown = {}, key: string = newKey()): Promise<T> {
  return request<T>('POST', path, body, key)
}

export function remove(path: string): Promise<void> {
  return request<void>('DELETE', path)
}

/** Sends a file; a picture's own name is nobody's business. */
export function upload<T>(path: string, file: Blob, key: string = newKey(), name = 'photo.jpg'): Promise<T> {
  const form = new FormData()
  form.append('file', file, name)
  return request<T>('POST', path, form, key)
}
