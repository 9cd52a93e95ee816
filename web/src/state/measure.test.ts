import { expect, it } from 'vitest'
import type { Session } from '../api/types'
import { careCells, measuresFor } from './measure'

it('who needs care where is offered to those who plan for them', () => {
  const holding = (role: Session['roles'][number]['role']) => measuresFor([{ area_id: 1, area_name: '', role }])
  expect(holding('community')).toContain('care')
  expect(holding('dispatcher')).toContain('care')
  expect(holding('partner')).toEqual(['none', 'incidents', 'responders', 'cameras'])
  expect(holding('system_administrator')).not.toContain('care')
})

it('a cell with fewer than k looks like one with nobody', () => {
  const cells = [
    { cell: '88a', at_least: 10, below: 15 },
    { cell: '88b', at_least: 0, below: 5 },
  ]
  expect(careCells({ day: '2026-11-25', k: 5, resolution: 8, category: '', cells })).toEqual({ resolution: 8, cells: { '88a': 10 } })
})
