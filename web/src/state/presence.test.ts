import { describe, expect, it } from 'vitest'
import { emptyPicture, foldAll } from './feed'
import { listed, onlookers } from './presence'

const accounts = [
  { id: 5, name: '张三' },
  { id: 6, name: '李四' },
  { id: 7, name: '李四' },
]
const time = '2026-11-23T00:00:00Z'

describe('who else has it open', () => {
  it('is everybody there but oneself', () => {
    expect(onlookers({ incident: 8, accounts }, 8, 5)).toEqual(['李四', '李四'])
    expect(onlookers({ incident: 8, accounts }, 9, 5)).toEqual([])
  })

  it('is told anew on the next socket, and nobody until then', () => {
    const there = foldAll(emptyPicture(), [{ type: 'presence', incident_id: 8, accounts }], 0)
    expect(there.presence).toEqual({ incident: 8, accounts })
    const resumed = foldAll(there, [{ type: 'resumed', epoch: 'e', offset: 1, server_time: time }], 0)
    expect(resumed.presence.accounts).toEqual([])
  })

  it('is put in a row, and counted beyond three', () => {
    expect(listed(['张三'], 'zh')).toBe('张三')
    expect(listed(['张三', '李四', '王五'], 'zh')).toBe('张三、李四、王五')
    expect(listed(['张三', '李四', '王五', '赵六', '钱七'], 'zh')).toBe('张三、李四、王五等5人')
    expect(listed(['A', 'B', 'C', 'D'], 'en')).toBe('A, B, C and 1 more')
  })
})
