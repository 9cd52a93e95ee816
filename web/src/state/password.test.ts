import { expect, it } from 'vitest'
import { classesOf, judged } from './password'

const mlps3 = { profile: 'mlps3', least: 10, most: 128, classes: 3, remember: 5, life_days: 90 } as const
const asvs = { profile: 'asvs', least: 12, most: 128, classes: 0, remember: 0, life_days: 0 } as const
const met = (lines: ReturnType<typeof judged>) => Object.fromEntries(lines.map((l) => [l.rule, l.met]))

it.each([
  ['', 0],
  ['abc', 1],
  ['aB', 2],
  ['aB3', 3],
  ['aB3!', 4],
  ['密码a1', 3],
])('counts the kinds of %j', (password, n) => expect(classesOf(password)).toBe(n))

it('tells what is met, and leaves open what only the server knows', () => {
  expect(met(judged(mlps3, 'Lake-42-stone', 'wang'))).toEqual({
    least: true,
    classes: true,
    name: undefined,
    remember: undefined,
    life: undefined,
  })
  expect(met(judged(mlps3, 'lake', 'wang'))).toMatchObject({ least: false, classes: false })
  expect(met(judged(asvs, 'a long walk home', 'wang'))).toEqual({ least: true, name: undefined })
})

it('sees the name in it, however it is written, unless it is very short', () => {
  expect(met(judged(asvs, 'hello WANGwei 77', 'wangwei')).name).toBe(false)
  expect(met(judged(asvs, 'a long walk home', 'a')).name).toBeUndefined()
})

it('counts characters, not their bytes', () => {
  expect(met(judged(mlps3, '𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷', '')).least).toBe(false)
})
