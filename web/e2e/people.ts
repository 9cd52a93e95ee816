// What people do, in their words: the dispatcher, the responder, the wall, the
// resident. Specs are written with these.
import type { Browser } from 'playwright-core'
import { patience, Window } from './browser'
import type { Server } from './server'

export const desk = { width: 1920, height: 1080 }
export const phoneScreen = { width: 390, height: 844 }

export async function dispatcher(browser: Browser, server: Server, username = 'dispatcher'): Promise<Window> {
  const w = await Window.open(browser, desk)
  await w.go(`${server.base}/console`)
  const { password } = server.account(username)
  await w.signIn(username, password)
  await w.at('new-incident').waitFor()
  return w
}

/** Who keeps the registers, at one of the console's views. */
export async function administrator(browser: Browser, server: Server, address: string, size = desk): Promise<Window> {
  const w = await Window.open(browser, size)
  await w.go(`${server.base}/console${address}`)
  await w.signIn('admin', server.account('admin').password)
  await w.at('link').getByText('实时').waitFor()
  return w
}

export async function wall(browser: Browser, server: Server, size = desk): Promise<Window> {
  const w = await Window.open(browser, size)
  await w.go(`${server.base}/wall`)
  await w.signIn('wall', server.account('wall').password)
  await w.until('wall-link', 'data-state', 'live')
  return w
}

/** Where the demonstration's first phone is, by its own account. */
export async function phonePlace(server: Server): Promise<{ longitude: number; latitude: number; id: number }> {
  const { password } = server.account('responder1')
  const signed = await fetch(`${server.base}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'responder1', password }),
  })
  const cookie = signed.headers.get('set-cookie')?.split(';')[0] ?? ''
  const mine = (await (await fetch(`${server.base}/api/v1/mine`, { headers: { cookie } })).json()) as {
    responder: { id: number; lon: number; lat: number }
  }
  return { longitude: mine.responder.lon, latitude: mine.responder.lat, id: mine.responder.id }
}

export async function phone(browser: Browser, server: Server, geolocation: { longitude: number; latitude: number }): Promise<Window> {
  const w = await Window.open(browser, { ...phoneScreen, geolocation })
  await w.go(`${server.base}/m`)
  await w.signIn('responder1', server.account('responder1').password)
  await w.at('duty-switch').waitFor()
  return w
}

/** A resident reports rubbish where they stand; gives the tracking number. */
export async function reportRubbish(w: Window, server: Server): Promise<string> {
  await w.go(`${server.base}/r`)
  await w.at('type-search').fill('垃圾')
  await w.at('report-type-urban.garbage').click()
  await w.at('report-locate').click()
  await w.at('report-words').fill('楼下垃圾堆放多日，有异味')
  await w.at('report-submit').click()
  await w.at('tracking-number').waitFor()
  return ((await w.at('tracking-number').textContent()) ?? '').trim()
}

/** The newest incident on the wall that is in a state. */
export async function newestOnWall(w: Window, state: string): Promise<number> {
  const items = w.page.locator(`[data-testid="wall-event"][data-kind="incident.${state}"]`)
  await items.first().waitFor()
  return Number(await items.first().getAttribute('data-incident'))
}

/** Keeps what the wall's list has shown: its few lines are soon pushed out by others. */
export async function keepWallEvents(w: Window): Promise<(kind: string, incident: number) => Promise<unknown>> {
  await w.page.evaluate(() => {
    const shown = new Set<string>()
    const look = () => {
      for (const e of document.querySelectorAll('[data-testid="wall-event"]'))
        shown.add(`${e.getAttribute('data-kind')} ${e.getAttribute('data-incident')}`)
    }
    look()
    new MutationObserver(look).observe(document.body, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['data-kind', 'data-incident'],
    })
    Object.assign(window, { shown })
  })
  return (kind, incident) =>
    w.page.waitForFunction((event) => (window as unknown as { shown: Set<string> }).shown.has(event), `${kind} ${incident}`, {
      timeout: patience,
    })
}
