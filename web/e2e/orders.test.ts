// Work that is given to units: a unit's own people sign for it, put it off and
// give it back; the desk gives it to another and records what that one says.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { desk, dispatcher, phonePlace } from './people'
import { Server } from './server'

const shots = join(import.meta.dirname, 'shots')
let server: Server
let browser: Browser

beforeAll(async () => {
  await mkdir(shots, { recursive: true })
  server = await Server.startAlone({ YIPING_PASSWORDS: 'asvs' })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function look(w: Window, name: string): Promise<void> {
  await w.page.screenshot({ path: join(shots, `orders-${name}.png`) })
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  const serious = found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${name}: ${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)
  expect(serious).toEqual([])
}

/** Chooses the first option whose words hold some. */
async function choose(w: Window, testId: string, words: string): Promise<void> {
  const option = w.at(testId).locator('option', { hasText: words }).first()
  await w.at(testId).selectOption(await option.getAttribute('value'))
}

/** The security administrator makes an account that belongs to a unit; gives its password. */
async function unitAccount(username: string, unit: string): Promise<string> {
  const w = await Window.open(browser, desk)
  await w.go(`${server.base}/console`)
  await w.signIn('security', server.account('security').password)
  await w.at('account-new').click()
  await w.at('new-username').fill(username)
  await w.at('new-display-name').fill('抢修值班员')
  await w.at('grant-role-0').selectOption('partner')
  await w.at('grant-area-0').selectOption({ index: 1 })
  await choose(w, 'new-unit', unit)
  await look(w, 'account')
  await w.at('account-create').click()
  const password = (await w.at('new-password').textContent()) ?? ''
  expect(w.complaints).toEqual([])
  await w.close()
  return password
}

async function signInAsUnit(username: string, password: string): Promise<Window> {
  const w = await Window.open(browser, desk)
  await w.go(`${server.base}/console`)
  await w.signIn(username, password)
  await w.at('password-new').or(w.at('order-queue-open')).first().waitFor()
  if (await w.at('password-new').isVisible()) {
    await w.at('password-new').fill('Lake-stone-77-unit')
    await w.at('password-again').fill('Lake-stone-77-unit')
    await w.at('password-submit').click()
  }
  await w.at('order-queue-open').waitFor()
  return w
}

/** A verified gas leak, taken in by who is signed in there. */
function gasLeak(w: Window, at: { longitude: number; latitude: number }): Promise<number> {
  return w.page.evaluate(async ({ longitude, latitude }) => {
    const made = await fetch('/api/v1/incidents', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify({
        type_code: 'accident.gas_leak',
        lon: longitude,
        lat: latitude,
        place: '3号楼2单元',
        summary: '楼道有燃气味',
        verified: true,
      }),
    })
    return ((await made.json()) as { id: number }).id
  }, at)
}

it('a unit signs, puts off and returns; another does it; the check is asked for', async () => {
  const crew = await signInAsUnit('ranqi', await unitAccount('ranqi', '燃气抢修中心'))
  const console = await dispatcher(browser, server)
  const chief = await dispatcher(browser, server, 'commander')
  await look(crew, 'unit-empty')
  expect(await crew.at('view-dispatch').count()).toBe(0)

  const id = await gasLeak(console, await phonePlace(server))
  await console.go(`${server.base}/console?incident=${id}`)
  await console.at('give-lead').click()
  await console.until('incident-state', 'data-state', 'dispatching')

  // It comes to the unit by itself.
  await crew.page.locator('[data-testid^="order-item-"]').first().click()
  await crew.at('order-sign').click()
  await console.until('incident-state', 'data-state', 'handling')
  expect(await console.at('action-resolve').count()).toBe(0)
  await crew.at('order-note').fill('已关闭总阀，正在排查')
  await crew.at('order-note').press('Enter')
  await crew.page.getByText('已关闭总阀，正在排查').waitFor()
  await crew.at('order-ask_suspension').click()
  await crew.at('order-reason').fill('等待产权单位提供图纸')
  await crew.at('order-submit').click()
  await crew.page.locator('[data-state="suspension_asked"]').waitFor()
  await look(crew, 'asked')

  await chief.go(`${server.base}/console?view=orders&queue=approval`)
  await chief.page.locator('[data-testid^="order-item-"]').first().click()
  await chief.at('order-approve').waitFor()
  await look(chief, 'approval')
  await chief.at('order-approve').click()
  await crew.page.locator('[data-state="suspended"]').waitFor()
  await crew.at('order-resume').click()
  await crew.at('order-return').click()
  await crew.at('order-reason').fill('不属燃气管道，系下水道气味')
  await crew.at('order-submit').click()
  await console.page.locator('[data-state="returned"]').waitFor()
  await console.until('incident-state', 'data-state', 'dispatching')

  await console.at('order-reassign').click()
  await choose(console, 'order-unit', '市政')
  await console.at('order-reason').fill('改由市政办理')
  await console.at('order-submit').click()
  await console.page.locator('[data-state="reassigned"]').waitFor()
  await console.at('order-sign').click()
  await console.at('order-done').click()
  await console.until('incident-state', 'data-state', 'resolved')
  await console.at('give-check').click()
  await console.page.locator('[data-testid^="order-"][data-state="sent"]').waitFor()
  await look(console, 'check')

  await chief.go(`${server.base}/console?incident=${id}`)
  await chief.at('action-check').click()
  await chief.until('incident-state', 'data-state', 'checked')
  await console.page.locator('[data-state="withdrawn"]').waitFor()
  for (const w of [crew, console, chief]) expect(w.complaints).toEqual([])
}, 240_000)
