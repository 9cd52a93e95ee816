import { afterEach, expect, it } from 'vitest'
import { codeIn, scanned, takeScanned } from './enrol'

afterEach(() => {
  history.replaceState(null, '', '/')
  scanned.value = ''
})

it.each([
  ['#enrol=ABC123', 'ABC123'],
  ['#enrol=ABC123&x=1', 'ABC123'],
  ['#enrol=', ''],
  ['#enrol=<b>', ''],
  ['#other=ABC', ''],
  ['', ''],
])('finds the code in %j', (hash, code) => expect(codeIn(hash)).toBe(code))

it('takes the code out of the address at once', () => {
  history.replaceState(null, '', '/m?lang=en#enrol=SECRET')
  takeScanned()
  expect(scanned.value).toBe('SECRET')
  expect(location.href).not.toContain('SECRET')
  expect(location.search).toBe('?lang=en')
})

it('leaves an address without one alone', () => {
  history.replaceState(null, '', '/m#top')
  takeScanned()
  expect([scanned.value, location.hash]).toEqual(['', '#top'])
})
