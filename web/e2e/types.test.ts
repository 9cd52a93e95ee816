// Types and plans in the browser: a plan is edited as a new version while an
// incident of its type is open, which keeps the one it began with; somebody else's
// version is shown and kept; the hours in which offices work are changed.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, type Window } from './browser'
import { administrator, dispatcher as dispatcherAt, phonePlace } from './people'
import { Server } from './server'

const shots = join(import.meta.dirname, 'shots')
const code = 'urban.garbage'
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

const shot = (w: Window, name: string) => w.page.screenshot({ path: join(shots, `types-${name}.png`) })
async function accessible(w: Window): Promise<void> {
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)).toEqual([])
}
type Ask = <T>(path: string, body?: unknown) => Promise<T>
/** The API as somebody who has signed in. */
async function api(username: string): Promise<Ask> {
  const { password } = server.account(username)
  const headers = { 'Content-Type': 'application/json' }
  const signed = await fetch(`${server.base}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ username, password }) })
  const cookie = signed.headers.get('set-cookie')?.split(';')[0] ?? ''
  return async (path, body) => {
    const answer = await fetch(`${server.base}/api/v1/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { ...headers, cookie, 'Idempotency-Key': crypto.randomUUID() },
      body: body ? JSON.stringify(body) : undefined,
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

interface Detail {
  incident: { id: number; lon: number; lat: number }
  plan: { version: number; quota: number }
}

it('edits a plan, and an incident that is open keeps its version', async () => {
  const dispatcher = await api('dispatcher')
  const somewhere = await phonePlace(server)
  const begin = async () => {
    const made = await dispatcher<{ id: number }>('incidents', {
      type_code: code,
      lon: somewhere.longitude,
      lat: somewhere.latitude,
      place: '东门',
      summary: '垃圾堆积',
    })
    return dispatcher<Detail>(`incidents/${made.id}`)
  }
  const before = await begin()

  const w = await administrator(browser, server, '?view=types')
  await w.at('types-search').fill('垃圾')
  await w.at(`type-${code}`).click()
  await w.at('plan-text').waitFor()
  await shot(w, 'plan')

  // What cannot be is said at its field.
  await w.at('plan-edit').click()
  await w.at('plan-quota').fill('0')
  await w.at('plan-save').click()
  await w.at('field-plan.quota').waitFor()
  await w.at('plan-quota').fill(String(before.plan.quota + 2))
  await w.at('plan-note').fill('根据复盘增加人手')
  await w.at('add-ladder').click()
  await w.at('add-reach').click()
  await shot(w, 'form')
  await accessible(w)

  // Somebody else saves first: their change is shown, and both stay.
  const admin = await api('admin')
  const [newest] = (await admin<{ versions: Record<string, unknown>[] }>(`types/${code}/plans`)).versions
  const { id: _i, version, created_at: _c, by: _b, note: _n, changes: _d, ...plan } = newest ?? {}
  await admin(`types/${code}/plans`, { version, note: '别人改的', plan: { ...plan, pair: true } })
  await w.at('plan-save').click()
  await w.at('plan-conflict').getByText('两人同行').waitFor()
  await shot(w, 'conflict')
  await w.at('plan-take-over').click()
  await w.at('plan-save').click()
  await w.at('types-said').waitFor()
  await w.until('type-card', 'data-version', String(before.plan.version + 2))
  await w.at('versions').getByText('根据复盘增加人手').waitFor()
  expect(await w.at('plan-quota').textContent()).toContain(String(before.plan.quota + 2))
  expect(await w.at('plan-pair').textContent()).toContain('是')
  await shot(w, 'saved')

  expect((await dispatcher<Detail>(`incidents/${before.incident.id}`)).plan).toMatchObject({
    version: before.plan.version,
    quota: before.plan.quota,
  })
  expect((await begin()).plan).toMatchObject({ version: before.plan.version + 2, quota: before.plan.quota + 2, pair: true })

  // A hazard's limits are rules; the light theme shows them too.
  await w.at('types-search').fill('燃气')
  await w.at('type-accident.gas_leak').click()
  await w.at('plan-hazard_affiliations').waitFor()
  await w.page.evaluate(() => {
    document.documentElement.dataset.theme = 'light'
  })
  await shot(w, 'hazard-light')
  await accessible(w)

  await w.at('types-hours').click()
  await w.at('hours-6').getByText('休息').waitFor()
  await w.at('hours-edit').click()
  await w.at('add-6').click()
  await w.at('hours-save').click()
  await w.at('hours-6').getByText('08:30 – 12:00').waitFor()
  await shot(w, 'hours-light')
  await accessible(w)
  expect(w.complaints.filter((c) => !/status of 422/.test(c))).toEqual([])
  await w.close()

  // Who dispatches reads what the administrator wrote, and changes nothing.
  const d = await dispatcherAt(browser, server)
  await d.page.keyboard.press('g')
  await d.page.keyboard.press('t')
  await d.at('types-search').fill('垃圾')
  await d.at(`type-${code}`).click()
  await d.at('versions').getByText('根据复盘增加人手').waitFor()
  expect(await d.at('version-1').count()).toBe(1)
  expect(await d.at('plan-quota').textContent()).toContain(String(before.plan.quota + 2))
  await shot(d, 'read')
  for (const button of ['plan-edit', 'type-edit', 'type-add']) expect(await d.at(button).count()).toBe(0)
  await d.at('types-hours').click()
  await d.at('hours-6').getByText('08:30 – 12:00').waitFor()
  for (const button of ['hours-edit', 'holiday-add']) expect(await d.at(button).count()).toBe(0)
  expect(d.complaints).toEqual([])
  await d.close()
})
