import { describe, expect, it } from 'vitest'
import { addDays, clockOf, dayOf, daysFrom, fromLocal, isDay, localOf, mondayOf, nightsBetween, startOf, weekdayOf } from './roster_day'

const at = (text: string) => Date.parse(text)

describe('days of Beijing', () => {
  it.each([
    ['2026-11-24T15:59:59Z', '2026-11-24'],
    ['2026-11-24T16:00:00Z', '2026-11-25'],
    ['2026-12-31T16:00:00Z', '2027-01-01'],
  ])('%s lies in %s', (time, day) => {
    expect(dayOf(at(time))).toBe(day)
  })

  it('begin at their midnight, whatever the zone of the browser', () => {
    expect(startOf('2027-01-01')).toBe(at('2026-12-31T16:00:00Z'))
    expect(clockOf(startOf('2027-01-01'))).toBe('00:00')
  })

  it.each([
    ['2026-11-23', 0, '2026-11-23'],
    ['2026-11-29', 6, '2026-11-23'],
    ['2027-01-01', 4, '2026-12-28'],
    ['2028-03-01', 2, '2028-02-28'],
  ])('%s is day %i of the week of %s', (day, weekday, monday) => {
    expect(weekdayOf(day)).toBe(weekday)
    expect(mondayOf(day)).toBe(monday)
  })

  it('follow each other over the end of a year and a leap day', () => {
    expect(daysFrom('2026-12-30', 4)).toEqual(['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02'])
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2027-01-01', -1)).toBe('2026-12-31')
  })

  it.each([
    ['2026-11-24', true],
    ['2026-02-30', false],
    ['2026-13-01', false],
    ['24.11.2026', false],
    [null, false],
  ])('%s is one: %s', (text, want) => {
    expect(isDay(text)).toBe(want)
  })

  it('are written and read back by a field of date and time', () => {
    expect(localOf(at('2026-12-31T16:30:00Z'))).toBe('2027-01-01T00:30')
    expect(fromLocal('2027-01-01T00:30')).toBe(at('2026-12-31T16:30:00Z'))
    expect(fromLocal('')).toBeNaN()
  })

  it('lie a night apart when midnight is between', () => {
    expect(nightsBetween(at('2026-11-24T12:00:00Z'), at('2026-11-25T00:00:00Z'))).toBe(1)
    expect(nightsBetween(at('2026-11-24T00:00:00Z'), at('2026-11-24T12:00:00Z'))).toBe(0)
  })
})
