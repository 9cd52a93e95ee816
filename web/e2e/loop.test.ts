// The whole loop with four browsers: each step is seen on the wall.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { dispatcher, keepWallEvents, newestOnWall, phone, phonePlace, phoneScreen, reportRubbish, wall } from './people'
import { Server } from './server'

let server: Server
let browser: Browser

beforeAll(async () => {
  server = await Server.startAlone()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

it('from a report to a closed incident', async () => {
  const place = await phonePlace(server)
  const screen = await wall(browser, server)
  const console = await dispatcher(browser, server)
  const responder = await phone(browser, server, place)
  const resident = await Window.open(browser, { ...phoneScreen, geolocation: place })
  const delays: number[] = []
  const shown = await keepWallEvents(screen)
  const onWall = (kind: string) => shown(kind, id)
  const tap = async (press: () => Promise<void>, kind: string) => {
    const seen = onWall(kind)
    const pressed = performance.now()
    await press()
    await seen
    delays.push(performance.now() - pressed)
  }

  const tracking = await reportRubbish(resident, server)
  const id = await newestOnWall(screen, 'reported')

  await console.at(`queue-item-${id}`).click()
  await console.until('incident-state', 'data-state', 'reported')
  await console.page.keyboard.press('v')
  await onWall('incident.verified')
  await console.at(`candidate-${place.id}`).locator('input').check()
  await console.at('action-send-picked').click()
  if (
    await console
      .at('reason')
      .isVisible()
      .catch(() => false)
  ) {
    await console.at('reason').fill('就在现场附近')
    await console.at('reason-submit').click()
  }
  await onWall('offer.offered')

  await responder.at('offer-accept').waitFor()
  await tap(() => responder.at('offer-accept').click(), 'offer.accepted')
  await onWall('incident.handling')
  await responder.at('task-next').waitFor()
  await tap(() => responder.at('task-next').click(), 'assignment.en_route')
  // They go there: what their phone sends on the task is their track.
  const sent = responder.page.waitForResponse((r) => r.url().endsWith('/api/v1/positions') && r.ok())
  await responder.context.setGeolocation({ longitude: place.longitude + 0.002, latitude: place.latitude })
  await sent
  await responder.page.locator('[data-testid="task-next"][data-step="on_scene"], [data-testid="task-next"][data-step="on-scene"]').waitFor()
  await tap(() => responder.at('task-next').click(), 'assignment.on_scene')
  await responder.page.locator('[data-testid="task-next"][data-step="done"]').waitFor()
  await tap(() => responder.at('task-next').click(), 'assignment.done')
  await onWall('incident.resolved')

  const chief = await dispatcher(browser, server, 'commander')
  await chief.go(`${server.base}/console?incident=${id}`)
  await chief.until('incident-state', 'data-state', 'resolved')
  // Each sees that the other has it open.
  await chief.at('onlookers').waitFor()
  expect(await console.at('onlookers').textContent()).toMatch(/^\S+ 也在查看$/)
  await chief.at('action-check').click()
  await onWall('incident.checked')
  await console.until('incident-state', 'data-state', 'checked')
  await console.at('action-close').click()
  await onWall('incident.closed')

  // The commander looks back at where they went; they see who looked, and take their word back.
  const lookBack = async () => {
    await chief.at('tracks-open').click()
    await chief.at('tracks-reason-0').click()
  }
  await lookBack()
  const theirs = chief.page.locator(`[data-testid="track"][data-responder="${place.id}"]`)
  await theirs.click()
  await chief.at('tracks-time').press('Home')
  expect(await console.at('tracks-open').count()).toBe(0)
  await responder.at('tab-duty').click()
  await responder.at('disclosures-show').click()
  await responder.at('disclosures').getByText('查看任务轨迹').first().waitFor()
  await responder.at('track-consent-withdraw').click()
  await responder.at('track-consent-withdraw-now').click()
  await responder.until('track-consent', 'data-holds', 'false')
  await chief.at('tracks-hide').click()
  await lookBack()
  await chief.at('tracks-without').waitFor()
  expect(await theirs.count()).toBe(0)

  await resident.at('tracking-see').click()
  await resident.until('tracking-state', 'data-state', 'closed')
  expect(await resident.page.content()).toContain(tracking)

  // They are asked how it was handled: not well; the console hears why, and at hand is to take it up again.
  await resident.at('satisfaction-dissatisfied').check()
  await resident.at('satisfaction-words').fill('还有一半没有清走')
  await resident.at('satisfaction-submit').click()
  await resident.until('satisfaction-said', 'data-answer', 'dissatisfied')
  await onWall('report.dissatisfied')
  await console.page.getByTestId('dissatisfied').getByText('还有一半没有清走').waitFor()
  await console.at('action-reopen').waitFor()
  await console.at('queue-dissatisfied').click()
  await console.at(`queue-item-${id}`).waitFor()
  await resident.at('satisfaction-change').click()
  await resident.at('satisfaction-satisfied').check()
  await resident.at('satisfaction-submit').click()
  await console.at('dissatisfied').waitFor({ state: 'detached' })
  await console.at(`queue-item-${id}`).waitFor({ state: 'detached' })

  delays.sort((a, b) => a - b)
  process.stdout.write(`from tap to wall: ${delays.map((d) => `${Math.round(d)} ms`).join(', ')}\n`)
  for (const w of [screen, console, chief, responder, resident]) {
    expect(w.complaints).toEqual([])
    await w.close() // what draws a map takes from the next test's
  }
})

it('pages outlive the server and go on where they were', async () => {
  const place = await phonePlace(server)
  const screen = await wall(browser, server)
  const console = await dispatcher(browser, server)
  const responder = await phone(browser, server, place)
  await server.kill()
  const killed = performance.now()
  await screen.page.getByTestId('link-banner').waitFor()
  await console.page.getByTestId('link-banner').waitFor()
  process.stdout.write(`banner after ${Math.round(performance.now() - killed)} ms\n`)
  expect(await screen.page.getByTestId('wall-open-count').textContent()).not.toBe('0')

  // A tap without a server waits on the phone.
  await responder.at('duty-switch').click()
  await responder.at('unsent').waitFor()

  const before = await console.at('queue-open-count').textContent()
  await server.run()
  await screen.until('wall-link', 'data-state', 'live', 40_000)
  await console.page.getByTestId('link-banner').waitFor({ state: 'detached', timeout: 40_000 })
  expect(await console.at('queue-open-count').textContent()).toBe(before)
  await responder.at('unsent').waitFor({ state: 'detached', timeout: 40_000 })
  // The duty ended with the tap that waited; it begins again.
  await responder.at('duty-switch').click()
  await responder.page.getByText('正在值守').waitFor()

  const resident = await Window.open(browser, { ...phoneScreen, geolocation: place })
  await reportRubbish(resident, server)
  const id = await newestOnWall(screen, 'reported')
  await console.at(`queue-item-${id}`).waitFor()
  for (const w of [screen, console, responder, resident]) expect(w.complaints).toEqual([])
})
