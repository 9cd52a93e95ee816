// The registers and imports of a district, as its administrator uses them.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, type Window } from './browser'
import { administrator, dispatcher } from './people'
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

/** How many the list says there are, when it says it. */
async function total(w: Window, other = -1): Promise<number> {
  const count = w.at('register-total')
  await w.until('registers', 'data-state', 'ready')
  await expect.poll(async () => Number((await count.getAttribute('data-total')) ?? other), { timeout: 60_000 }).not.toBe(other)
  return Number(await count.getAttribute('data-total'))
}

const cookie = async (w: Window) => (await w.context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ')

async function accessible(w: Window): Promise<void> {
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(
    found.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`),
  ).toEqual([])
}

it('a list is narrowed, and its count is that of the map, the file and the address', async () => {
  const w = await administrator(browser, server, '?view=registers&noun=facilities')
  const all = await total(w)
  await w.at('where-kind').selectOption('aed')
  const some = await total(w, all)
  expect(some).toBeGreaterThan(0)
  expect(some).toBeLessThan(all)
  await w.until('register-points', 'data-points', String(some))
  const file = await fetch(`${server.base}${await w.at('export-csv').getAttribute('href')}`, { headers: { cookie: await cookie(w) } })
  expect((await file.text()).trim().split('\r\n').length - 1).toBe(some)
  await w.page.keyboard.press('j')
  await w.at('register-card').waitFor()
  await w.page.waitForLoadState('networkidle', { timeout: 20_000 }).catch(() => {})
  await w.page.screenshot({ path: join(shots, 'registers.png') })
  await accessible(w)
  const shared = await administrator(browser, server, new URL(w.page.url()).search)
  expect(await total(shared)).toBe(some)
  await w.at('register-search').fill('不存在的名字')
  await w.at('register-empty').waitFor()
  await accessible(w)
  expect(w.complaints).toEqual([])
  await w.close()
  await shared.close()
})

/** Clicks the middle of the map until something is there: tiles are drawn when they are. */
async function clickMiddle(w: Window, testId: string): Promise<void> {
  const box = await w.page.locator('canvas.maplibregl-canvas').first().boundingBox()
  if (!box) throw new Error('there is no map')
  await expect
    .poll(
      async () => {
        await w.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
        return w.page.getByTestId(testId).count()
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBeGreaterThan(0)
}

it('a register of thousands of cameras is drawn from tiles, and a camera is clicked there and on the map of dispatch', async () => {
  const w = await administrator(browser, server, '?view=registers&noun=cameras')
  const lists: string[] = []
  w.page.on('request', (r) => lists.push(new URL(r.url()).pathname))
  expect(await total(w)).toBeGreaterThan(2000)
  await w.at('register-whole').waitFor()
  await expect.poll(() => lists.some((p) => p.startsWith('/api/v1/tiles/cameras/')), { timeout: 60_000 }).toBe(true)
  expect(lists.filter((p) => p.endsWith('/points'))).toEqual([])
  await w.page.waitForLoadState('networkidle', { timeout: 20_000 }).catch(() => {})
  await w.page.screenshot({ path: join(shots, 'registers-whole.png') })
  await w.page.keyboard.press('j')
  await w.at('register-card').waitFor()
  const name = (await w.at('register-card').locator('h2').textContent())?.trim() ?? ''
  await w.at('register-card').getByText('定位').click()
  await w.at('register-card').getByLabel('关闭').click()
  expect(await w.page.getByTestId('register-card').count()).toBe(0)
  await clickMiddle(w, 'register-card')
  expect(new URL(w.page.url()).searchParams.get('row')).toMatch(/^\d+$/)
  expect(w.complaints).toEqual([])
  await w.close()

  const desk = await dispatcher(browser, server, 'commander')
  await desk.at('search').fill(name)
  await desk.at('found-0').waitFor()
  await desk.at('search').press('Enter')
  await clickMiddle(desk, 'card')
  await desk.at('card').getByText('设备').waitFor()
  expect(desk.complaints).toEqual([])
  await desk.close()
})

it('one change of many rows is shown first, made, and undone', async () => {
  const w = await administrator(browser, server, '?view=registers&noun=responders&where=vehicle:foot')
  const before = await total(w)
  const boxes = w.page.locator('tbody tr[data-testid] input[type=checkbox]')
  await boxes.nth(0).click()
  await boxes.nth(3).click({ modifiers: ['Shift'] })
  await expect.poll(() => w.at('bulk-count').textContent()).toContain('4')
  await w.at('bulk-field').selectOption('vehicle')
  await w.page.getByTestId('bulk').locator('.value select').selectOption('car')
  await expect.poll(() => w.at('bulk-effect').textContent()).toContain('将修改 4 条')
  await accessible(w)
  await w.at('bulk-apply').click()
  await w.at('register-undo').waitFor()
  expect(await total(w, before)).toBe(before - 4)
  await w.at('register-undo').click()
  expect(await total(w, before - 4)).toBe(before)
  expect(w.complaints).toEqual([])
  await w.close()
})

it('a file goes from its preview to the list and the map, and back', async () => {
  const w = await administrator(browser, server, '?view=registers&noun=facilities')
  const before = await total(w)
  const places = (await (
    await fetch(`${server.base}/api/v1/registers/facilities/points`, { headers: { cookie: await cookie(w) } })
  ).json()) as { points: [number, number, number][] }
  const [, lon, lat] = places.points[40] ?? [0, 0, 0]
  const csv = `类型,设施名称,经度,纬度,备注\nAED,试验一号除颤仪,${lon},${lat},甲\nAED,试验二号除颤仪,${lon + 0.001},${lat},乙\nAED,试验三号除颤仪,北纬,${lat},丙\n`
  await w.at('bring').click()
  await w.at('import-file').setInputFiles({ name: '合影.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') })
  await expect.poll(() => w.at('import-fault').textContent()).toContain('不是可导入的文件')
  await w.at('import-file').setInputFiles({ name: '除颤仪.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await w.until('import-state', 'data-state', 'checked')
  expect(await w.at('count-created').textContent()).toBe('2')
  expect(await w.at('count-refused').textContent()).toBe('1')
  expect(await w.at('import-problems').textContent()).toContain('北纬')
  await w.until('import-points', 'data-points', '2')
  const report = await fetch(`${server.base}${await w.at('import-problems').locator('a').getAttribute('href')}`, {
    headers: { cookie: await cookie(w) },
  })
  expect(
    Buffer.from(await report.arrayBuffer())
      .subarray(0, 2)
      .toString(),
  ).toBe('PK')
  // A column nobody recognised is taken for the address, and it is checked again.
  await w.at('column-4').selectOption('address')
  expect(await w.at('import-write').isDisabled()).toBe(true)
  await w.at('import-check').click()
  await expect.poll(() => w.at('column-4').inputValue()).toBe('address')
  await w.page.locator('[data-testid="import-write"]:not([disabled])').waitFor()
  await w.page.waitForLoadState('networkidle', { timeout: 20_000 }).catch(() => {})
  await w.page.screenshot({ path: join(shots, 'import.png') })
  await accessible(w)
  await w.at('import-write').click()
  await w.until('import-state', 'data-state', 'done')
  const id = new URL(w.page.url()).searchParams.get('import')
  await w.at('import-see').click()
  expect(await total(w, before)).toBe(before + 2)
  await w.at('register-search').fill('试验一号除颤仪')
  await expect.poll(async () => w.at('register-total').getAttribute('data-total')).toBe('1')
  await w.until('register-points', 'data-points', '1')
  await w.page.keyboard.press('Escape')
  await w.go(`${server.base}/console?view=imports&import=${id}`)
  await w.at('import-undo').click()
  await w.until('import-state', 'data-state', 'undone')
  await w.go(`${server.base}/console?view=registers&noun=facilities`)
  expect(await total(w)).toBe(before)
  expect(w.complaints).toEqual([])
  await w.close()
}, 240_000)

it('a list that was exported imports again unchanged', async () => {
  const w = await administrator(browser, server, '?view=registers&noun=units')
  const rows = await total(w)
  for (const format of ['xlsx', 'geojson']) {
    const file = await fetch(`${server.base}${await w.at(`export-${format}`).getAttribute('href')}`, {
      headers: { cookie: await cookie(w) },
    })
    await w.at('bring').click()
    await w.at('import-file').setInputFiles({
      name: `责任单位.${format}`,
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(await file.arrayBuffer()),
    })
    await w.until('import-state', 'data-state', 'checked')
    expect(await w.at('count-unchanged').textContent()).toBe(String(rows))
    expect(await w.at('import-write').isDisabled()).toBe(true)
    await w.at('view-registers').click()
    await total(w)
  }
  expect(w.complaints).toEqual([])
  await w.close()
})

it('a file that is no table is refused in plain words', async () => {
  const w = await administrator(browser, server, '?view=imports&new=cameras')
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, k) => (k * 37) % 256))
  await w.at('import-file').setInputFiles({ name: '坏.xlsx', mimeType: 'application/octet-stream', buffer: bytes })
  await w.until('import-state', 'data-state', 'failed')
  await expect.poll(() => w.at('import-reason').textContent()).toContain('文件')
  await accessible(w)
  expect(w.complaints).toEqual([])
  await w.close()
})
