import { expect, it } from 'vitest'
import { providerAddress, refusalIn } from './provider'

it('comes back to the page that was left', () => {
  expect(providerAddress({ name: '', path: '/api/v1/session/provider' }, '/m')).toBe('/api/v1/session/provider?page=%2Fm')
})

it('says in words why nobody was let in, whatever stands behind #', () => {
  expect(refusalIn('')).toBe('')
  expect(refusalIn('#enrol=x')).toBe('')
  expect(refusalIn('#provider=not_mapped')).toContain('安全管理员')
  expect(refusalIn('#provider=%3Cscript%3E')).toBe(refusalIn('#provider=anything'))
})
