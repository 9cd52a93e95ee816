// The organisation's own sign-in, where people are sent to and come back from. A
// refusal comes back behind # so that no server is sent it.
import type { Config } from '../../api/types'
import { i18n } from '../../i18n'

export type Provider = NonNullable<Config['provider']>

/** Where the browser goes to sign in; it comes back to this page. */
export function providerAddress(provider: Provider, page: string): string {
  return `${provider.path}?page=${encodeURIComponent(page)}`
}

const said = ['provider_refused', 'provider_over', 'not_mapped', 'duties_apart', 'unavailable'] as const

/** Why it failed, in words, by the part of an address behind #; '' where it did not. */
export function refusalIn(hash: string): string {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('provider')
  if (!code) return ''
  return i18n.global.t(`entry.provider.refused.${said.find((s) => s === code) ?? 'other'}`)
}

/** The same for a page that was just come back to, once. */
export function returned(): string {
  const words = refusalIn(location.hash)
  if (words) history.replaceState(null, '', location.pathname + location.search)
  return words
}
