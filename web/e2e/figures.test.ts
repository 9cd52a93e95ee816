// Figures of handling in the browser: by area and by type, over a period of one's
// own, exported as a table; by the keyboard.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { desk } from './people'
import { Server } from './server'

const shots = join(import.meta.dirname, 'shots')
let server: Server
let browser: Browser

beforeAll(async () => {
  await mkdir(shots, { recursive: true })
  server = await Server.start({ YIPING_NO_SIMULATE: 'true' })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const shot = (w: Window, name: string) => w.page.screenshot({ path: join(shots, `figures-${name}.png`) })
const soon = <T>(what: () => T) => expect.poll(what, { timeout: 60_000 })
const count = async (w: Window, id: string) => Number(await w.at(id).getAttribute('data-count'))

/** Waits until what was asked for is shown. */
async function answered(w: Window, act: () => Promise<unknown>): Promise<void> {
  const came = Promise.all(
    ['figures', 'figures/choices'].map((path) => w.page.waitForResponse((r) => r.url().includes(`/api/v1/${path}?`))),
  )
  await act()
  await came
  await w.until('figures', 'aria-busy', 'false')
}

it('tells how long each step took, by area and by type, and exports it', async () => {
  const w = await Window.open(browser, desk)
  await w.go(`${server.base}/console?view=figures`)
  await w.signIn('commander', server.account('commander').password)
  await w.at('figures-count').waitFor()
  await answered(w, () => w.at('period-month').check())
  const all = await count(w, 'figure-total')
  expect(all).toBeGreaterThan(0)

  // The groups add up, by whatever they are.
  const sum = async () => {
    const counts = await w.page
      .locator('[data-testid="figures-table"] tbody tr:not(.total)')
      .evaluateAll((rows) => rows.map((r) => Number(r.getAttribute('data-count'))))
    return counts.reduce((a, b) => a + b, 0)
  }
  expect(await sum()).toBe(all)
  await shot(w, 'area')
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)).toEqual([])
  await answered(w, () => w.at('figures-by').selectOption('type'))
  expect(await w.page.locator('[data-testid^="figure-urban"]').count()).toBeGreaterThan(0)
  expect(await sum()).toBe(all)
  await shot(w, 'type')
  await w.at('choices').scrollIntoViewIfNeeded()
  await shot(w, 'choices')
  expect(await w.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

  // What leaves as a table is the same.
  const href = (await w.at('figures-csv').getAttribute('href')) ?? ''
  const table = await w.page.evaluate(async (url) => (await fetch(url)).text(), href)
  expect(table.split('\r\n')[1]?.split(',').slice(0, 2)).toEqual(['合计', String(all)])

  // A period of one's own is typed, and stays in the address.
  await w.at('period-own').check()
  await w.at('figures-first').fill('2020-01-02')
  await w.at('figures-last').fill('2020-01-03')
  await w.at('figures-none').waitFor()
  expect(w.page.url()).toContain('first=2020-01-02')
  await w.at('figures-last').fill('2024-01-03')
  await soon(() => w.page.getByTestId('figures-csv').count()).toBe(0) // too long

  // By the keyboard: to the dispatch view, and back to what was asked.
  await w.at('period-own').press('ArrowLeft')
  await w.at('figures-table').waitFor()
  await w.page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await w.page.keyboard.press('g')
  await w.page.keyboard.press('o')
  await w.at('figures').waitFor({ state: 'detached' })
  await w.page.keyboard.press('g')
  await w.page.keyboard.press('f')
  await w.at('figures-table').waitFor()
  expect(w.complaints).toEqual([])
  await w.close()
})
