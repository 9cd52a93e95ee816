// Each page by itself: nothing to complain of, accessible, in both languages,
// and pictures to look at.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { desk, dispatcher, phone, phonePlace, phoneScreen, wall } from './people'
import { Server } from './server'

const shots = join(import.meta.dirname, 'shots')
let server: Server
let browser: Browser

beforeAll(async () => {
  await mkdir(shots, { recursive: true })
  server = await Server.start()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const pages: Record<string, () => Promise<Window>> = {
  console: () => dispatcher(browser, server, 'commander'),
  wall: () => wall(browser, server),
  'wall-4k': () => wall(browser, server, { width: 3840, height: 2160 }),
  phone: async () => phone(browser, server, await phonePlace(server)),
  resident: async () => {
    const w = await Window.open(browser, phoneScreen)
    await w.go(`${server.base}/r`)
    await w.at('report-submit').waitFor()
    return w
  },
  signin: async () => {
    const w = await Window.open(browser, desk)
    await w.go(`${server.base}/console`)
    await w.at('signin-submit').waitFor()
    return w
  },
}

describe.each(Object.keys(pages))('%s', (name) => {
  it('is sound and accessible', async () => {
    const open = pages[name]
    if (!open) throw new Error(name)
    const w = await open()
    if (name === 'console') await w.page.locator('[data-testid^="queue-item-"]').first().click()
    // The map has drawn, or the page has none.
    await w.page.waitForLoadState('networkidle', { timeout: 20_000 }).catch(() => {})
    // What is dimmed says that it is old; four thousand points drawn in software make it so for a moment.
    await w.page.locator('.stale').waitFor({ state: 'detached' })
    await w.page.screenshot({ path: join(shots, `${name}.png`) })
    // The README's picture, when asked for.
    if (process.env.YIPING_SHOTS && name === 'console')
      await w.page.screenshot({ path: join(import.meta.dirname, '../docs/console.jpg'), type: 'jpeg', quality: 75 })
    const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
    const serious = found.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)
    expect(serious).toEqual([])
    expect(w.complaints).toEqual([])
    await w.close()
  })
})

it('speaks English', async () => {
  const w = await dispatcher(browser, server)
  await w.at('account-menu').click()
  await w.at('menu-language').click()
  await expect.poll(() => w.at('new-incident').textContent()).toContain('New incident')
  expect(await w.page.locator('html').getAttribute('lang')).toBe('en')
  expect(await w.page.content()).not.toMatch(/console\.[a-z]+|common\.[a-z]+\./)
  expect(w.complaints).toEqual([])
  await w.close()
})
