// The registers and imports of a district, as its administrator uses them.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser } from './browser'
import { dispatcher } from './people'
import { Server } from './server'

let server: Server
let browser: Browser

beforeAll(async () => {
  server = await Server.start()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

it('the views are gone to by key and address, and the feed stays', async () => {
  const w = await dispatcher(browser, server, 'commander')
  await w.page.getByTestId('link').getByText('实时').waitFor()
  const sockets: string[] = []
  w.page.on('websocket', (s) => sockets.push(s.url()))
  expect(await w.page.getByTestId('view-imports').count()).toBe(0)
  await w.at('queue-unassigned').click()
  await w.page.keyboard.press('g')
  await w.page.keyboard.press('r')
  await w.at('registers').waitFor()
  expect(new URL(w.page.url()).searchParams.get('view')).toBe('registers')
  expect(new URL(w.page.url()).searchParams.has('queue')).toBe(false)
  await w.page.getByText('示范数据').first().waitFor()
  await w.page.keyboard.press('g')
  await w.page.keyboard.press('z')
  await w.at('roster').waitFor()
  await w.page.goBack()
  await w.at('registers').waitFor()
  await w.page.goBack()
  await w.at('new-incident').waitFor()
  expect(await w.at('queue-unassigned').getAttribute('aria-pressed')).toBe('true')
  await w.page.keyboard.press('?')
  await w.at('help').getByText('台账').waitFor()
  await w.page.keyboard.press('Escape')
  expect(await w.page.getByTestId('help').count()).toBe(0)
  expect(sockets).toEqual([])
  expect(w.complaints).toEqual([])
  await w.close()
})
