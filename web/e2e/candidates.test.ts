// Who could be sent: why each of them, what they would leave behind, and the
// perimeter of a fire, where volunteers may help.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, type Window } from './browser'
import { administrator, dispatcher, phone, phonePlace } from './people'
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
  await w.page.screenshot({ path: join(shots, `candidates-${name}.png`) })
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  const serious = found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${name}: ${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)
  expect(serious).toEqual([])
}

/** Asks the server as who is signed in there; gives what it answers. */
function ask<T>(w: Window, method: string, path: string, body?: unknown): Promise<T> {
  return w.page.evaluate(
    async ([how, where, what]) => {
      const answer = await fetch(where as string, {
        method: how as string,
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
        body: what === undefined ? undefined : JSON.stringify(what),
      })
      if (!answer.ok) throw new Error(`${where}: ${await answer.text()}`)
      return (await answer.json()) as T
    },
    [method, path, body] as const,
  )
}

/** A community is to keep more on duty than it has: whoever goes is missed. */
async function keepBack(areaId: number): Promise<void> {
  const w = await administrator(browser, server, '')
  const { areas } = await ask<{ areas: { id: number; parent_id: number; level: string; code: string; name: string; aliases: string[] }[] }>(
    w,
    'GET',
    '/api/v1/areas',
  )
  const area = areas.find((a) => a.id === areaId)
  if (!area) throw new Error(`no area ${areaId}`)
  const { parent_id, level, code, name, aliases } = area
  const source = { source: 'demonstration', external_id: `area-${code}` }
  await ask(w, 'POST', '/api/v1/areas', { parent_id, level, code, name, aliases, ...source, minimum_strength: 500 })
  await w.close()
}

it('says why each is proposed, whom they leave behind, and looks for the perimeter', async () => {
  const place = await phonePlace(server)
  const mobile = await phone(browser, server, place)
  const mine = await ask<{ responder: { area_id: number } }>(mobile, 'GET', '/api/v1/mine')
  await keepBack(mine.responder.area_id)
  const console = await dispatcher(browser, server)
  const { id } = await ask<{ id: number }>(console, 'POST', '/api/v1/incidents', {
    type_code: 'accident.building_fire',
    lon: place.longitude,
    lat: place.latitude,
    place: '3号楼',
    verified: true,
  })
  await console.go(`${server.base}/console?incident=${id}`)

  await console.at('task-direct').waitFor()
  const first = console.page.locator('[data-testid^="candidate-"]').first()
  await first.waitFor()
  expect(await first.textContent()).toMatch(/约 .*(秒|分钟)/)
  expect(await first.locator('[data-testid="reasons"] [data-reason="skills"]').textContent()).toMatch(/^具备/)

  await console.at('task-perimeter').click()
  const me = console.at(`candidate-${place.id}`)
  await me.waitFor()
  await me.locator('input').check()
  await console.at('thinned').waitFor()
  await look(console, 'perimeter')
  await console.at('action-send-picked').click()
  const why = console.at('reason')
  if (await why.isVisible()) {
    await why.fill('就住隔壁')
    await console.at('reason-submit').click()
  }
  await console.page.locator('[data-testid^="offer-"] .perimeter').first().waitFor()
  await mobile.at('offer-perimeter').waitFor()
  await look(mobile, 'phone')
  await mobile.at('offer-accept').click()
  await console.page.locator('[data-testid^="assignment-"] .perimeter').first().waitFor()
  expect(console.complaints).toEqual([])
})
