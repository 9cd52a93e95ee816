import { expect, it } from 'vitest'
import { en } from './en'
import { zh } from './zh'

interface Messages {
  [key: string]: string | string[] | Messages
}

/** Every text by its path, with the values that it takes. */
function texts(messages: Messages | string[], path = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(messages)) {
    const here = path ? `${path}.${key}` : key
    if (typeof value === 'string')
      all.set(
        here,
        [...value.matchAll(/\{(\w+)\}/g)]
          .map((m) => m[1])
          .sort()
          .join(),
      )
    else for (const [k, v] of texts(value, here)) all.set(k, v)
  }
  return all
}

it('says the same in both languages, with the same values', () => {
  const [chinese, english] = [texts(zh), texts(en)]
  expect([...chinese.keys()].filter((k) => !english.has(k))).toEqual([])
  expect([...english.keys()].filter((k) => !chinese.has(k))).toEqual([])
  expect([...chinese].filter(([k, values]) => values !== english.get(k)).map(([k]) => k)).toEqual([])
})

it('leaves nothing empty', () => {
  const empty = (messages: Messages | string[], path = ''): string[] =>
    Object.entries(messages).flatMap(([k, v]) => (typeof v === 'string' ? (v.trim() ? [] : [`${path}${k}`]) : empty(v, `${path}${k}.`)))
  // A position that is not asked for has no words.
  expect([...empty(zh), ...empty(en)].filter((k) => k !== 'mobile.duty.position.off')).toEqual([])
})
