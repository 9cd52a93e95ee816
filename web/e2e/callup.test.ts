// Call-ups in the browser: people are called, a phone answers and arrives, the
// desk records for others, makes a group with its leader, asks a substitute,
// sends everybody home; the hours are on the phone.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { desk, phone, phonePlace } from './people'
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

const shot = (w: Window, name: string) => w.page.screenshot({ path: join(shots, `callup-${name}.png`) })
async function accessible(w: Window): Promise<void> {
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)).toEqual([])
}
/** What the log brings may take a moment on a busy machine. */
const soon = <T>(what: () => T) => expect.poll(what, { timeout: 60_000 })
const number = async (w: Window, id: string, attribute: string) => Number(await w.at(id).getAttribute(attribute))
const count = (w: Window, state: string) => number(w, `callup-count-${state}`, 'data-count')

async function callUps(): Promise<Window> {
  const w = await Window.open(browser, desk)
  await w.go(`${server.base}/console?view=callups`)
  await w.signIn('commander', server.account('commander').password)
  await w.at('callup-new').waitFor()
  return w
}

/** Fills in what is asked for, up to the question whether one is sure; gives how many match. */
async function fillIn(w: Window, reason: string, quota = ''): Promise<number> {
  await w.at('callup-new').click()
  await w.at('callup-reason').fill(reason)
  await w.page.locator('[data-testid="callup-form"] [data-testid="search"]').fill('社区')
  await w.page.locator('[data-testid="callup-form"] [data-testid="found-0"]').dispatchEvent('mousedown')
  await w.at('callup-duty-on_call').uncheck()
  await w.at('callup-duty-willing').uncheck()
  if (quota) await w.at('callup-quota').fill(quota)
  await soon(() => w.at('callup-send').isEnabled()).toBe(true) // once it is counted
  return number(w, 'callup-matching', 'data-total')
}

it('calls everybody on duty, follows who comes and sends them home', async () => {
  const place = await phonePlace(server)
  const p = await phone(browser, server, place)
  if ((await p.at('duty-switch').getAttribute('aria-checked')) === 'false') await p.at('duty-switch').click()
  await p.until('duty-switch', 'aria-checked', 'true')

  const w = await callUps()
  await shot(w, 'list')
  await fillIn(w, '汛情紧急，转移低洼院落群众')
  await shot(w, 'form')
  await accessible(w)
  const matching = await number(w, 'callup-matching', 'data-total')
  await w.at('callup-send').click()
  await w.at('callup-confirm').click()
  await soon(() => number(w, 'callup-progress', 'data-asked')).toBe(matching)
  await soon(() => count(w, 'asked').then(async (n) => n + (await count(w, 'seen')))).toBe(matching)

  // The phone in the pocket is told, answers, and the roll follows by itself.
  await p.at('call-up').waitFor()
  await shot(p, 'phone-asked')
  await accessible(p)
  await p.at('call-up-come').click()
  await p.at('tab-task').click()
  await p.at('call-up-arrive').waitFor()
  await soon(() => count(w, 'coming')).toBe(1)

  // The desk rings somebody up and records it; a number leads to its people.
  await w.page.locator('[data-testid^="record-come-"]').first().click()
  await soon(() => count(w, 'coming')).toBe(2)
  await w.at('callup-count-coming').click()
  await soon(() => w.page.getByTestId('callup-member').count()).toBe(2)
  await w.at('pick-all').check()
  await w.at('group-name').fill('第一组')
  await w.at('group-put').click()
  await w.page.locator('[data-testid^="lead-"]').first().click()
  await p.at('call-up-group').getByText('第一组').waitFor()
  await shot(w, 'roll')
  await accessible(w)
  await shot(p, 'phone-coming')

  await p.at('call-up-arrive').click()
  await soon(() => count(w, 'came')).toBe(1)
  await w.at('callup-tab-areas').click()
  await shot(w, 'areas')
  await w.at('callup-stand-down').click()
  await w.at('callup-stand-down-sure').click()
  await w.until('callup-roll', 'data-state', 'stood_down')
  await p.at('call-up-state').getByText('已收队').waitFor()
  await shot(p, 'phone-over')

  await p.at('tab-duty').click()
  await p.at('hours-show').click()
  await p.at('hours').getByText('汛情紧急').waitFor()
  await shot(p, 'phone-hours')
  expect([...w.complaints, ...p.complaints]).toEqual([])
  await p.close()
  await w.close()
})

it('asks a substitute where somebody cannot come, and calls it off', async () => {
  const w = await callUps()
  const matching = await fillIn(w, '寻找走失老人', '3')
  await w.at('callup-send').click()
  await w.at('callup-confirm').click()
  await soon(() => number(w, 'callup-progress', 'data-asked')).toBe(3)
  expect(await count(w, 'substitute')).toBe(matching - 3)
  await w.page.locator('[data-testid^="record-decline-"]').first().click()
  await soon(() => count(w, 'declined')).toBe(1)
  await soon(() => count(w, 'substitute')).toBe(matching - 4)
  expect(await count(w, 'asked').then(async (n) => n + (await count(w, 'seen')))).toBe(3)
  await shot(w, 'substitutes')

  // Called off it asks for the reason, and the address leads back to it.
  await w.at('callup-cancel').click()
  await w.page.getByRole('textbox', { name: '取消的原因' }).fill('老人已找到')
  await w.page.keyboard.press('Enter')
  await w.until('callup-roll', 'data-state', 'cancelled')
  const address = w.page.url()
  await w.go(address)
  await w.until('callup-roll', 'data-state', 'cancelled')
  await w.page.getByText('老人已找到').waitFor()
  expect(w.complaints).toEqual([])
  await w.close()
})
