import { afterEach, expect, it, vi } from 'vitest'
import { effectScope, nextTick } from 'vue'
import * as client from '../api/client'
import type { FeedEvent, Session } from '../api/types'
import { useAlarms } from './alarms'
import { picture, session } from './page'

afterEach(() => vi.restoreAllMocks())

it('asks once for each event of an alarm, and not when people move', async () => {
  const get = vi.spyOn(client, 'get').mockResolvedValue({ alarms: [{ id: 1 }] })
  session.value = { account_id: 7 } as Session
  const scope = effectScope()
  const held = scope.run(useAlarms)
  await nextTick()
  expect(get).toHaveBeenCalledTimes(1)
  expect(held?.alarms.value).toEqual([{ id: 1 }])

  for (let k = 0; k < 3; k++) {
    picture.value = { ...picture.value, responders: new Map() }
    await nextTick()
  }
  expect(get).toHaveBeenCalledTimes(1)

  picture.value = { ...picture.value, events: [{ noun: 'alarm', offset: 9 } as FeedEvent, ...picture.value.events] }
  await nextTick()
  expect(get).toHaveBeenCalledTimes(2)
  scope.stop()
})
