// Those who go into danger: two together, and a call for help that rings at the
// desk until somebody has seen to it.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, type Window } from './browser'
import { dispatcher, phone, phonePlace, wall } from './people'
import { Server } from './server'

const shots = join(import.meta.dirname, 'shots')
let server: Server
let browser: Browser

beforeAll(async () => {
  await mkdir(shots, { recursive: true })
  server = await Server.startAlone()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function look(w: Window, name: string): Promise<void> {
  await w.page.screenshot({ path: join(shots, `safety-${name}.png`) })
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  const serious = found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${name}: ${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)
  expect(serious).toEqual([])
}

/** An old person out of contact, for which two are demanded, given to one who accepts by telephone. */
function sent(w: Window, at: { longitude: number; latitude: number; id: number }): Promise<number> {
  return w.page.evaluate(async ({ longitude, latitude, id }) => {
    const post = async (path: string, body: unknown) => {
      const answer = await fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
      return answer.json()
    }
    const made = await post('/api/v1/incidents', {
      type_code: 'service.elderly_no_contact',
      lon: longitude,
      lat: latitude,
      place: '5号楼1单元',
      verified: true,
    })
    const asked = await post(`/api/v1/incidents/${made.id}/offers`, { version: made.version, responder_ids: [id], reason: '就在附近' })
    await post(`/api/v1/offers/${asked.offers[0].id}/accept`, { on_behalf: true })
    return made.id as number
  }, at)
}

it('one waits for the second, and a call for help rings until it is seen to', async () => {
  const place = await phonePlace(server)
  const mobile = await phone(browser, server, place)
  await mobile.page.getByText('正在值守').waitFor()
  const console = await dispatcher(browser, server)
  const id = await sent(console, place)
  await console.go(`${server.base}/console?incident=${id}`)
  await console.at('pair').waitFor()
  await mobile.at('pair').waitFor()

  const screen = await wall(browser, server)
  await mobile.at('help').scrollIntoViewIfNeeded()
  const button = await mobile.at('help').boundingBox()
  if (!button) throw new Error('no button')
  await mobile.page.mouse.move(button.x + button.width / 2, button.y + button.height / 2)
  await mobile.page.mouse.down()
  await console.at('alarms').waitFor()
  await mobile.page.mouse.up()
  await look(mobile, 'phone')
  await look(console, 'ringing')
  await screen.at('wall-alarms').waitFor()
  expect(await screen.at('wall-alarms').textContent()).not.toContain('示') // names of the demonstration have it
  await screen.page.screenshot({ path: join(shots, 'safety-wall.png') })
  await console.page.locator('[data-testid^="alarm-acknowledge-"]').click()
  await console.page.locator('[data-testid^="alarm-close-"]').click()
  await console.at('reason').fill('电话确认安全，邻居已到')
  await look(console, 'closing')
  await console.at('reason-submit').click()
  await console.at('alarms').waitFor({ state: 'detached' })
  await screen.at('wall-alarms').waitFor({ state: 'detached' })
  await console.page.getByText('电话确认安全，邻居已到').waitFor()
  expect([...console.complaints, ...screen.complaints]).toEqual([])
})
