// Rosters in the browser: who is on now, a duty handed over, a gap filled, a
// team with a rotation; each page accessible in both themes.
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
  // Nobody comes and goes by themselves: what is counted is what is listed.
  server = await Server.start({ YIPING_NO_SIMULATE: 'true' })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function roster(username: string, query: string): Promise<Window> {
  const w = await Window.open(browser, desk)
  await w.go(`${server.base}/console?view=roster&${query}`)
  await w.signIn(username, server.account(username).password)
  await w.at('roster').waitFor()
  return w
}

/** Asks the server what a page asks, as the person who is signed in there. */
function asked<T>(w: Window, path: string): Promise<T> {
  return w.page.evaluate(async (p) => (await fetch(p)).json(), path) as Promise<T>
}

interface DutyOf {
  id: number
  responder_id: number
  responder_name: string
  starts_at: string
  ends_at?: string
  team_id?: number
  stands_for?: number
}

const dayOf = (ms: number) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)
const today = () => dayOf(Date.now())
const later = (days: number) => dayOf(Date.now() + days * 86_400_000)
/** The first duties from some days ahead on. */
const week = (w: Window, query: string, from = 0) =>
  asked<{ duties: DutyOf[]; total: number }>(
    w,
    `/api/v1/roster?limit=200&from=${new Date(Date.now() + from * 86_400_000).toISOString()}&to=${new Date(Date.now() + 28 * 86_400_000).toISOString()}&${query}`,
  )

it('counts who is on now as its lists do', async () => {
  const w = await roster('commander', 'tab=now')
  const rows = w.page.getByTestId('now-person')
  await rows.first().waitFor()
  const counts = w.at('now-counts')
  const numbers = async () => Number(await counts.getAttribute('data-duty')) + Number(await counts.getAttribute('data-call'))
  const said = await asked<{ on_duty: number; on_call: number }>(w, '/api/v1/roster/now')
  await expect.poll(numbers).toBe(said.on_duty + said.on_call)

  // A street's number in the tree is the length of the list it opens.
  const street = w.page
    .locator('.node', { has: w.page.locator('.fold') })
    .nth(1)
    .locator('[data-testid^="now-area-"]')
  const id = ((await street.getAttribute('data-testid')) ?? '').slice('now-area-'.length)
  await street.click()
  await expect.poll(() => new URL(w.page.url()).searchParams.get('area')).toBe(id)
  await expect.poll(async () => (await rows.count()) === (await numbers())).toBe(true)
  expect(await rows.count()).toBeGreaterThan(0)
  await w.at('now-kind').selectOption('on_duty')
  await expect.poll(async () => String(await rows.count())).toBe(await w.at(`now-duty-${id}`).textContent())

  // Communities with nobody are seen at once, and each opens an empty list.
  await w.at('only-empty').check()
  const nobody = w.page.getByTestId('nobody')
  await nobody.first().waitFor()
  await nobody.first().click()
  await w.at('now-none').waitFor()
  expect(w.complaints).toEqual([])
  await w.close()
})

it('hands a duty over and shows it in the week', async () => {
  const w = await roster('dispatcher', `tab=week&week=${later(7)}`)
  await w.at('week-grid').waitFor()
  const duty = (await week(w, 'kind=on_duty', 2)).duties.find((d) => d.team_id && Date.parse(d.starts_at) > Date.now())
  if (!duty) throw new Error('no duty to come')
  const day = dayOf(Date.parse(duty.starts_at))
  await w.go(`${server.base}/console?view=roster&tab=week&team=${duty.team_id}&week=${day}`)
  await w.at(`cell-${duty.responder_id}-${day}`).click()
  await w.at(`hand-over-${duty.id}`).click()

  // Who works then cannot be chosen, and it says what is in the way.
  await w.page.getByTestId('pick-conflict').first().waitFor()
  expect(await w.page.locator('[data-free="false"] input:not([disabled])').count()).toBe(0)
  const free = w.page.locator('[data-free="true"]').first()
  const to = ((await free.getAttribute('data-testid')) ?? '').slice('pick-'.length)
  await free.click()
  expect(await w.at('change-save').isDisabled()).toBe(true) // a reason is asked for
  await w.at('change-reason').fill('公差')
  await w.at('change-save').click()

  // The week shows who stands in, the card whose duty it was.
  const cell = w.at(`cell-${to}-${day}`)
  await cell.locator(`[data-duty="${duty.id}"] [data-mark="stand_in"]`).waitFor()
  await expect.poll(() => w.at(`cell-${duty.responder_id}-${day}`).locator(`[data-duty="${duty.id}"]`).count()).toBe(0)
  await cell.click()
  await expect.poll(() => w.at('duty-stands-for').textContent()).toContain(duty.responder_name)

  // The keyboard goes through the grid and opens a day.
  await w.at('duty-close').click()
  await w.page.keyboard.press('ArrowRight')
  await w.page.keyboard.press('Enter')
  await expect.poll(() => new URL(w.page.url()).searchParams.get('open')).toMatch(new RegExp(`^${to}\\.`))
  expect(w.complaints).toEqual([])
  await w.close()
})

it('says so when a colleague was faster', async () => {
  const w = await roster('dispatcher', 'tab=week')
  const duty = (await week(w, 'kind=on_duty', 3)).duties.find((d) => d.team_id && !d.stands_for)
  if (!duty) throw new Error('no duty to come')
  const to = await somebodyFree(w, duty)
  const day = dayOf(Date.parse(duty.starts_at))
  await w.go(`${server.base}/console?view=roster&tab=week&team=${duty.team_id}&week=${day}`)
  await w.at(`cell-${duty.responder_id}-${day}`).click()
  await w.at(`withdraw-${duty.id}`).click()
  await w.at('change-reason').fill('病假')
  // The page hears nothing of it until its own command tells.
  let deaf = true
  await w.page.route('**/api/v1/roster?*', (route) => (deaf ? route.abort() : route.continue()))
  w.page.on('request', (request) => {
    if (request.url().endsWith('/withdraw')) deaf = false
  })
  const status = await w.page.evaluate(
    async ([id, who]) => {
      const answer = await fetch(`/api/v1/duties/${id}/hand-over`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
        body: JSON.stringify({ responder_id: who, reason: '公差' }),
      })
      return answer.status
    },
    [duty.id, to],
  )
  expect(status).toBe(200)
  await w.at('change-save').click()
  await w.at('roster-said').getByText('刚被他人修改').waitFor()
  await w.at(`cell-${duty.responder_id}-${day}`).locator(`[data-duty="${duty.id}"]`).waitFor({ state: 'detached' })
  await w.at(`cell-${to}-${day}`).locator(`[data-duty="${duty.id}"]`).waitFor()
  await w.close()
})

/** Somebody of the same area who works at no time of a duty. */
async function somebodyFree(w: Window, duty: DutyOf): Promise<number> {
  const then = `from=${duty.starts_at}&to=${duty.ends_at}`
  const busy = new Set(
    (await asked<{ duties: DutyOf[] }>(w, `/api/v1/roster?limit=200&kind=on_duty&${then}`)).duties.map((d) => d.responder_id),
  )
  const { responders } = await asked<{ responders: { id: number }[] }>(w, '/api/v1/responders?limit=200')
  const free = responders.find((r) => !busy.has(r.id))
  if (!free) throw new Error('everybody works then')
  return free.id
}

it('fills a gap, and the gap is gone', async () => {
  const w = await roster('dispatcher', 'tab=gaps')
  await w.at('gaps-level').waitFor({ state: 'attached' })
  await w.at('gaps-level').selectOption('community')
  const gaps = w.page.getByTestId('gap')
  await gaps.first().waitFor()
  const summary = async () => Number(await w.at('gaps-summary').getAttribute('data-gaps'))
  const before = await summary()
  expect(before).toBe(await gaps.count())
  const gap = gaps.first()
  const key = { area: await gap.getAttribute('data-area'), ends: await gap.getAttribute('data-ends') }
  await gap.click()
  await w.page.locator('[data-free="true"]').first().click()
  await w.at('add-save').click()
  await w.page.locator(`[data-testid="gap"][data-area="${key.area}"][data-ends="${key.ends}"]`).waitFor({ state: 'detached' })
  await expect.poll(summary).toBe(before - 1)
  expect(w.complaints).toEqual([])
  await w.close()
})

/** Somebody who is on call at no time of the coming weeks. */
async function somebodyNeverOnCall(w: Window): Promise<{ id: number; name: string }> {
  const { responders } = await asked<{ responders: { id: number; name: string }[] }>(w, '/api/v1/responders?limit=200')
  for (const r of responders) if ((await week(w, `kind=on_call&responder_id=${r.id}`)).total === 0) return r
  throw new Error('everybody is on call')
}

it('makes a team with a rotation, and its duties are there', async () => {
  const w = await roster('admin', 'tab=teams')
  await w.at('team-add').click()
  // A name is asked for, at the field.
  await w.at('member-add').click()
  const member = await somebodyNeverOnCall(w)
  await w.at('picker-search').fill(member.name)
  await w.at(`pick-${member.id}`).click()
  await expect.poll(() => w.at('members').locator('li').count()).toBe(1)
  await w.at('team-name-input').fill('')
  await w.at('team-save').click()
  await w.at('field-name').waitFor()
  await w.at('team-name-input').fill('夜间巡查组')
  await w.at('team-save').click()
  await expect.poll(() => w.at('team-name').textContent()).toContain('夜间巡查组')

  // A shift of the whole district, then the rotation.
  await w.at('shift-add').click()
  await w.at('shift-name').fill('巡查备勤')
  await w.at('shift-kind').selectOption('on_call')
  await w.at('shift-starts').fill('21:00')
  await w.at('shift-hours').fill('2')
  await w.at('shift-save').click()
  await expect.poll(() => w.at('shifts').textContent()).toContain('巡查备勤 21:00–23:00')
  await w.at('rotation-add').click()
  await w.at('slot-0').selectOption({ label: '巡查备勤 21:00–23:00' })
  await w.at('rotation-ends').fill('2020-01-01')
  await w.at('rotation-save').click()
  await w.at('field-ends_on').waitFor()
  await w.at('rotation-ends').fill('')
  await w.at('rotation-save').click()
  await w.page.locator('[data-testid^="rotation-end-"]').first().waitFor()

  const team = new URL(w.page.url()).searchParams.get('team')
  const first = later(1)
  await w.go(`${server.base}/console?view=roster&tab=week&team=${team}&week=${first}`)
  await w.at(`week-group-${team}`).waitFor()
  const made = await week(w, `team_id=${team}`)
  expect(made.total).toBe(14) // every other day for four weeks
  expect(made.duties.every((d) => d.starts_at.endsWith('13:00:00Z'))).toBe(true)
  const shown = made.duties[0]
  if (!shown) throw new Error('no duty')
  const day = dayOf(Date.parse(shown.starts_at))
  await w.go(`${server.base}/console?view=roster&tab=week&team=${team}&week=${day}`)
  await expect.poll(() => w.at(`cell-${shown.responder_id}-${day}`).textContent()).toContain('巡查备勤')
  expect(w.complaints.filter((c) => !c.includes('422'))).toEqual([])
  await w.close()
})

it('a holiday stands over its day and goes', async () => {
  const w = await roster('admin', 'tab=teams')
  const day = today()
  await w.at('holiday-add').click()
  await w.at('holiday-day').fill(day)
  await w.at('holiday-name').fill('调休日')
  await w.at('holiday-working').selectOption({ index: 1 })
  await w.at('holiday-save').click()
  await w.at(`holiday-remove-${day}`).waitFor()
  await w.at('roster-tab-week').click()
  await expect.poll(() => w.at(`holiday-${day}`).textContent()).toBe('班 调休日')
  await w.page.goBack()
  await w.at(`holiday-remove-${day}`).click()
  await w.at(`holiday-remove-${day}`).waitFor({ state: 'detached' })
  expect(w.complaints).toEqual([])
  await w.close()
})

it('lets a dispatcher see teams and change none', async () => {
  const w = await roster('dispatcher', 'tab=teams')
  await w.page.locator('[data-testid^="team-"]').first().waitFor()
  await w.at('teams-read-only').waitFor()
  expect(await w.page.getByTestId('team-add').count()).toBe(0)
  expect(await w.page.getByTestId('holiday-add').count()).toBe(0)
  expect(w.complaints).toEqual([])
  await w.close()
})

it.each(['now', 'week', 'gaps', 'teams'])('%s is sound and accessible', async (tab) => {
  const w = await roster('admin', 'tab=now')
  const { teams } = await asked<{ teams: { id: number; area_id: number; members: unknown[] }[] }>(w, '/api/v1/teams')
  const team = teams.find((x) => x.members.length > 1)
  await w.go(
    `${server.base}/console?view=roster&tab=${tab}&area=${team?.area_id}${tab === 'teams' || tab === 'week' ? `&team=${team?.id}` : ''}`,
  )
  const there = { now: 'now-person', week: 'week-grid', gaps: 'gaps-none', teams: 'members' }[tab] ?? ''
  await w.at(there).waitFor()
  if (tab === 'gaps') {
    await w.at('gaps-level').selectOption('community')
    await w.at('gap').click()
    await w.page.locator('[data-free="true"]').first().waitFor()
  }
  if (tab === 'week') {
    await w.page
      .locator('[data-testid^="cell-"]', { has: w.page.locator('.chip:not(.over)') })
      .first()
      .click()
    await w.at('duty-panel').waitFor()
  }
  for (const theme of ['dark', 'light']) {
    await w.page.evaluate((look) => {
      document.documentElement.dataset.theme = look
    }, theme)
    await w.page.screenshot({ path: join(shots, `roster-${tab}-${theme}.png`) })
    const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
    const serious = found.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)
    expect(serious).toEqual([])
  }
  expect(w.complaints).toEqual([])
  await w.close()
})

it('speaks English', async () => {
  const w = await roster('admin', 'tab=now')
  await w.at('account-menu').click()
  await w.at('menu-language').click()
  for (const tab of ['now', 'week', 'gaps', 'teams'] as const) {
    await w.at(`roster-tab-${tab}`).click()
    await w.page.locator(`#roster-${tab}`).waitFor()
    expect(await w.page.content()).not.toMatch(/roster\.[a-z]+\.|common\.[a-z]+\./)
  }
  expect(w.complaints).toEqual([])
  await w.close()
})
