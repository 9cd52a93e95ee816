// What is asked of a password, as far as a page can tell. The server judges, by
// the same rules and by lists that a page does not have.
import type { PasswordRules } from '../api/identity'

export interface Line {
  rule: 'least' | 'classes' | 'name' | 'remember' | 'life'
  n: number
  /** Undefined where a page cannot tell. */
  met: boolean | undefined
}

/** How many of small letters, capital letters, digits and others occur. */
export function classesOf(password: string): number {
  const kinds = new Set<string>()
  for (const c of password) kinds.add(/\p{Ll}/u.test(c) ? 'small' : /\p{Lu}/u.test(c) ? 'capital' : /\p{Nd}/u.test(c) ? 'digit' : 'other')
  return kinds.size
}

export function judged(rules: PasswordRules, password: string, username: string): Line[] {
  const name = username.toLowerCase()
  const lines: Line[] = [{ rule: 'least', n: rules.least, met: [...password].length >= rules.least }]
  if (rules.classes > 0) lines.push({ rule: 'classes', n: rules.classes, met: classesOf(password) >= rules.classes })
  const holds = name.length >= 3 && password.toLowerCase().includes(name)
  lines.push({ rule: 'name', n: 0, met: password === '' || holds ? false : undefined })
  if (rules.remember > 0) lines.push({ rule: 'remember', n: rules.remember, met: undefined })
  if (rules.life_days > 0) lines.push({ rule: 'life', n: rules.life_days, met: undefined })
  return lines
}
