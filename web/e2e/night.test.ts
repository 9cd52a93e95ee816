// A night at the desk: one refuses, one is silent, the street is told, one accepts
// by text and another stands by, a unit returns its order, nobody answers whether
// they are all right, a second report is merged, and the check is refused.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { dispatcher, phone, phonePlace, phoneScreen, reportRubbish } from './people'
import { Server } from './server'
import { Gateway } from './texts'

let gateway: Gateway
let server: Server
let browser: Browser

beforeAll(async () => {
  gateway = await Gateway.start()
  server = await Server.startAlone(gateway.settings)
  await server.sql(`update channel_rule set steps = '[{"channel": "sms", "after_seconds": 0, "unless": "answered"}]'`)
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  gateway?.stop()
})

interface PlanOf {
  version: number
  [field: string]: unknown
}

/** The administrator gives rubbish a plan whose clocks are short. */
async function hurry(): Promise<void> {
  const w = await Window.open(browser, phoneScreen)
  await w.go(`${server.base}/console`)
  await w.signIn('admin', server.account('admin').password)
  await w.at('link').waitFor()
  const status = await w.page.evaluate(async () => {
    const code = 'urban.garbage'
    const { types } = (await (await fetch('/api/v1/types')).json()) as { types: { code: string; plan?: PlanOf }[] }
    const { id: _, version, ...plan } = types.find((t) => t.code === code)?.plan ?? { version: 0 }
    const body = {
      version,
      note: '演练',
      plan: {
        ...plan,
        working_hours: false,
        skills: [],
        quota: 1,
        over_offer: 2,
        offer_seconds: 300,
        waves: [
          { rings: 20, seconds: 600 },
          { rings: 40, seconds: 600 },
        ],
        ladder: [{ level: 'street', seconds: 10 }],
        units: [{ role: 'lead', kind: 'street_office' }],
        welfare_seconds: 600,
      },
    }
    const made = await fetch(`/api/v1/types/${code}/plans`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify(body),
    })
    return made.ok ? '' : made.text()
  })
  expect(status).toBe('')
  await w.close()
}

/** A resident reports rubbish; the desk opens it. Gives the incident's number. */
async function report(w: Window, at: { longitude: number; latitude: number }): Promise<number> {
  const resident = await Window.open(browser, { ...phoneScreen, geolocation: at })
  await reportRubbish(resident, server)
  await resident.close()
  const id = await w.page.evaluate(async () => {
    const { incidents } = (await (await fetch('/api/v1/incidents?limit=200')).json()) as { incidents: { id: number }[] }
    return Math.max(...incidents.map((i) => i.id))
  })
  await w.at(`queue-item-${id}`).click()
  await w.page.locator('.panel', { hasText: `#${id} ` }).waitFor()
  await w.until('incident-state', 'data-state', 'reported')
  return id
}

async function because(w: Window, reason: string): Promise<void> {
  await w.at('reason').fill(reason)
  await w.at('reason-submit').click()
}

it('from two reports to a closed incident, by way of all that goes wrong', async () => {
  await hurry()
  const place = await phonePlace(server)
  const mobile = await phone(browser, server, place)
  const console = await dispatcher(browser, server)
  const chief = await dispatcher(browser, server, 'commander')
  const step = (kind: string) => console.page.locator(`[data-testid^="${kind}-"]`)
  const offers = (state: string) => console.page.locator(`[data-testid^="offer-"][data-state="${state}"]`)
  const inState = (state: string) => console.until('incident-state', 'data-state', state)

  // Two reports of one thing.
  const id = await report(console, place)
  await console.at('action-verify').click()
  await inState('verified')
  await report(console, place)
  await console.at(`likely-take-${id}`).click()
  await because(console, '同一处垃圾')
  await inState('verified') // the other is shown

  // A wave: one refuses on the phone, the other says nothing.
  await console.at('action-begin-waves').click()
  const reached = () => new Set(gateway.texts.map((m) => m.to))
  await expect.poll(() => reached().size, { timeout: 60_000 }).toBe(2)
  const first = reached()
  await mobile.at('offer-decline').click()
  await mobile.page.locator('[data-testid^="decline-"]').first().click()
  await offers('declined').first().waitFor()
  await console.at('escalations').waitFor()
  await server.sql(`update offer set expires_at = now() where incident_id = ${id} and state = 'offered'`) // time passes
  await offers('expired').first().waitFor()

  // The next: one accepts by text, and one who is willing too stands by.
  const asked = () => [...reached()].filter((to) => !first.has(to))
  await expect.poll(() => asked().length, { timeout: 60_000 }).toBe(2)
  const [goes, waits] = asked()
  await gateway.answer(server.base, goes ?? '', '1')
  await inState('handling')
  await gateway.answer(server.base, waits ?? '', '1')
  await offers('standby').first().waitFor()
  expect(await step('assignment').count()).toBe(1)

  // A unit is given it, and returns it.
  await console.at('give-lead').click()
  await console.at('order-return').click()
  await console.at('order-reason').fill('不属本街道管辖')
  await console.at('order-submit').click()
  await console.page.locator('[data-testid^="order-"][data-state="returned"]').waitFor()

  // Who is there does not say that they are all right.
  const task = step('assignment').first()
  await task.locator('button').first().click()
  await console.page.locator('[data-testid^="assignment-"][data-state="en_route"]').waitFor()
  await task.locator('button').first().click()
  await console.page.locator('[data-testid^="assignment-"][data-state="on_scene"]').waitFor()
  await expect
    .poll(
      async () => {
        await server.sql('update assignment set welfare_at = now() where welfare_at is not null')
        return console.at('alarms').isVisible()
      },
      { timeout: 30_000, interval: 500 },
    )
    .toBe(true)
  await console.page.locator('[data-testid^="alarm-acknowledge-"]').click()
  await console.page.locator('[data-testid^="alarm-close-"]').click()
  await because(console, '电话确认安全')
  await console.at('alarms').waitFor({ state: 'detached' })

  // Done; the check is refused, and the second passes; once more it comes back.
  await task.locator('button').first().click()
  await inState('resolved')
  await chief.go(`${server.base}/console?incident=${id}`)
  await chief.at('action-check-fail').click()
  await because(chief, '楼后仍有一堆')
  await inState('dispatching')
  const closes = async () => {
    await console.at('action-resolve').click()
    await because(console, '已清运')
    await chief.until('incident-state', 'data-state', 'resolved')
    await chief.at('action-check').click()
    await inState('checked')
    await console.at('action-close').click()
    await inState('closed')
  }
  await closes()
  await chief.until('incident-state', 'data-state', 'closed')
  await chief.page.getByRole('button', { name: '重新办理' }).click()
  await because(chief, '居民反映又有堆放')
  await inState('verified')
  await console.at('action-begin-waves').click()
  await inState('dispatching')
  await closes()
  for (const w of [mobile, console, chief]) expect(w.complaints).toEqual([])
}, 300_000)
