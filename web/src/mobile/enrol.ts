// The code of a QR picture that the phone was opened with. It stands behind # so
// that no server is sent it, and leaves the address before anything else is done.
import { ref } from 'vue'

/** What was scanned, '' for nothing. */
export const scanned = ref('')

/** The code in the part of an address behind #, '' for none. */
export function codeIn(hash: string): string {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('enrol') ?? ''
  return /^[A-Za-z0-9_-]{1,128}$/.test(code) ? code : ''
}

export function takeScanned(): void {
  const code = codeIn(location.hash)
  if (!code) return
  history.replaceState(null, '', location.pathname + location.search)
  scanned.value = code
}

window.addEventListener('hashchange', takeScanned)
takeScanned()
