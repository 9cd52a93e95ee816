// Who else has the incident open that is open here.
import type { Picture } from './feed'

/** The names of the others: accounts may have one name, and stand each for itself. */
export function onlookers(presence: Picture['presence'], incident: number, self: number | undefined): string[] {
  return presence.incident === incident ? presence.accounts.filter((a) => a.id !== self).map((a) => a.name) : []
}

const named = 3

/** Names in a row as the language puts them; beyond three only how many more. */
export function listed(names: readonly string[], language: string): string {
  const rest = names.length - named
  const shown = names.slice(0, named).join(language === 'zh' ? '、' : ', ')
  if (rest <= 0) return shown
  return language === 'zh' ? `${shown}等${names.length}人` : `${shown} and ${rest} more`
}
