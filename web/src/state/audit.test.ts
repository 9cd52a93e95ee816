import { describe, expect, it } from 'vitest'
import { type AuditFilter, addressOf, filterOf, noFilter, queryOf } from './audit'

describe('a filter of the audit trail', () => {
  const filter: AuditFilter = { ...noFilter, kind: 'unmask', subject_id: '12', from: '2026-11-23T08:00', result: 'done' }

  it('comes back from its address', () => {
    expect(filterOf(addressOf(filter))).toEqual(filter)
    expect(addressOf(noFilter).toString()).toBe('')
  })

  it('leaves out what an address made up', () => {
    expect(filterOf(new URLSearchParams('kind=everything&x=1'))).toEqual(noFilter)
  })

  it('asks with a zone, and without what is no number or no time', () => {
    const asked = queryOf({ ...filter, account_id: 'zhang', to: 'tomorrow', action: ' incident.verify ' })
    expect(Object.fromEntries(asked)).toEqual({
      kind: 'unmask',
      subject_id: '12',
      result: 'done',
      action: 'incident.verify',
      from: new Date('2026-11-23T08:00').toISOString(),
    })
  })
})
