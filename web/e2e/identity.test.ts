// Who is let in, by what, and what stays covered: signing in, the lock, the
// second factor, accounts, a phone by its QR code.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Window } from './browser'
import { desk, phoneScreen } from './people'
import { Server } from './server'
import { totp } from './totp'

const shots = join(import.meta.dirname, 'shots')
const own = (username: string) => `Lake-stone-77-${username.slice(0, 2)}`
let server: Server
let browser: Browser

beforeAll(async () => {
  await mkdir(shots, { recursive: true })
  // As a real district: a password that was told to somebody is changed at first.
  server = await Server.startAlone({ YIPING_PASSWORDS: 'mlps3' })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function open(path: string, size: { width: number; height: number } = desk): Promise<Window> {
  const w = await Window.open(browser, size)
  await w.go(`${server.base}${path}`)
  return w
}

/** Signs in for the first time: the password is changed on the way. */
async function signInFirst(w: Window, username: string, password = server.account(username).password): Promise<void> {
  await w.signIn(username, password)
  await w.at('password-new').fill(own(username))
  await w.at('password-again').fill(own(username))
  await w.at('password-submit').click()
}

async function look(w: Window, name: string): Promise<void> {
  await w.page.screenshot({ path: join(shots, `identity-${name}.png`) })
  const found = await new AxeBuilder({ page: w.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  const serious = found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${name}: ${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)
  expect(serious).toEqual([])
}

/** What a page complains of, but for refusals that were asked for. */
const complaints = (w: Window) => w.complaints.filter((c) => !/status of (401|403|422|423)/.test(c))

it('signs in, locks with what was typed, and comes back to it', async () => {
  const w = await open('/console')
  await w.signIn('dispatcher', 'not the password')
  await w.at('signin-failure').getByText('不正确').waitFor()
  await w.at('signin-password').fill(server.account('dispatcher').password)
  await w.at('signin-submit').click()
  await w.at('password-new').fill('short')
  await look(w, 'password')
  await w.at('password-again').fill('short')
  await w.at('password-submit').click()
  await w.at('password-failure').getByText('10').waitFor()
  await w.at('password-new').fill(own('dispatcher'))
  await w.at('password-again').fill(own('dispatcher'))
  await w.at('password-submit').click()
  await w.at('new-incident').waitFor()
  expect(await w.at('account-role').textContent()).toContain('调度员')

  await w.page.keyboard.press('n')
  await w.at('new-summary').fill('三楼有烟，老人行动不便')
  await w.page.keyboard.press('Control+l')
  await w.at('locked').waitFor()
  expect(await w.at('new-summary').isVisible()).toBe(false)
  expect(await w.at('queue-open').isVisible()).toBe(false)
  expect(await w.at('map').isVisible()).toBe(true)
  await w.page.waitForLoadState('networkidle').catch(() => {})
  await look(w, 'locked')
  // The server holds it, too, and opening the page anew does not help.
  await expect.poll(() => w.page.evaluate(async () => (await (await fetch('/api/v1/session')).json()).locked)).toBe(true)
  const other = await w.context.newPage()
  await other.goto(`${server.base}/console`)
  await other.getByTestId('locked').waitFor()

  await w.at('unlock-password').fill('not the password')
  await w.at('unlock').click()
  await w.at('unlock-failure').waitFor()
  await w.at('unlock-password').fill(own('dispatcher'))
  await w.at('unlock').click()
  await w.at('locked').waitFor({ state: 'detached' })
  expect(await w.at('new-summary').inputValue()).toBe('三楼有烟，老人行动不便')
  await expect.poll(() => w.page.evaluate(() => (document.activeElement as HTMLElement).dataset.testid)).toBe('new-summary')
  await other.getByTestId('locked').waitFor({ state: 'detached' })
  await other.close()

  // A session that was ended elsewhere leaves the page as it was.
  await w.page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE' }))
  await w.at('signin').waitFor({ timeout: 15_000 })
  expect(await w.at('signin-username').inputValue()).toBe('dispatcher')
  await look(w, 'ended')
  await w.at('signin-password').fill(own('dispatcher'))
  await w.at('signin-submit').click()
  await w.at('new-summary').waitFor()
  expect(await w.at('new-summary').inputValue()).toBe('三楼有烟，老人行动不便')
  expect(complaints(w)).toEqual([])
  await w.close()
})

it('asks for a second factor where a role needs one', async () => {
  const guard = await open('/console')
  await signInFirst(guard, 'security')
  await guard.at('accounts').waitFor()
  await guard.at('factor-role-commander').check()
  await guard.at('security-save').click()
  await guard.at('security-said').waitFor()
  await guard.close()

  const w = await open('/console')
  await signInFirst(w, 'commander')
  await w.at('qr').waitFor()
  await look(w, 'factor')
  const secret = (await w.at('factor-secret').textContent()) ?? ''
  const used = totp(secret)
  await w.at('factor-first').fill(used)
  await w.at('recovery-codes').waitFor()
  await look(w, 'recovery')
  const code = (await w.at('recovery-codes').locator('code').first().textContent()) ?? ''
  await w.at('recovery-saved').click()
  await w.at('new-incident').waitFor()

  // Anew: a code that was used is none, the next one is; then a recovery code.
  await w.at('account-menu').click()
  await w.at('sign-out').click()
  await w.signIn('commander', own('commander'))
  await w.at('factor-code').fill(used)
  await w.at('factor-failure').waitFor()
  await look(w, 'code')
  await w.at('factor-code').fill(totp(secret, 1))
  await w.at('new-incident').waitFor()
  await w.at('account-menu').click()
  await w.at('menu-mine').click()
  await w.at('my-sessions').locator('[data-current="true"]').waitFor()
  expect(await w.at('my-factor').getAttribute('data-has')).toBe('true')
  await look(w, 'mine')
  await w.at('account-menu').click()
  await w.at('sign-out').click()
  await w.signIn('commander', own('commander'))
  await w.at('factor-other').click()
  await w.at('recovery-code').fill(code.toLowerCase())
  await w.at('factor-submit').click()
  await w.at('my-account').or(w.at('new-incident')).first().waitFor()
  expect(complaints(w)).toEqual([])
  await w.close()
})

it('lets the security administrator make an account and a phone', async () => {
  const w = await open('/console')
  await w.signIn('security', own('security'))
  await w.at('account-dispatcher').waitFor()
  expect(await w.at('queue-open').count()).toBe(0)
  await w.at('account-new').click()
  await w.at('new-username').fill('zhangwei')
  await w.at('new-display-name').fill('张伟')
  await w.at('grant-add').click()
  await w.at('grant-role-1').selectOption('audit_administrator')
  await w.at('grants-apart').waitFor()
  expect(await w.at('account-create').isDisabled()).toBe(true)
  await w.at('grant-remove-1').click()
  await w.at('grant-area-0').selectOption({ index: 1 })
  await look(w, 'make')
  await w.at('account-create').click()
  const password = (await w.at('new-password').textContent()) ?? ''
  await look(w, 'made')
  await w.at('new-password-done').click()

  // One's own account is nobody's to change but another's.
  await w.at('account-security').click()
  await w.at('account-self').waitFor()
  expect(await w.at('act-disable').count()).toBe(0)

  const fresh = await open('/console')
  await signInFirst(fresh, 'zhangwei', password)
  await fresh.at('new-incident').waitFor()
  expect(await fresh.at('account-role').textContent()).toContain('调度员')

  // Other rights are there at once, and so is what they offer.
  await w.at('account-zhangwei').click()
  await w.at('grant-role-0').selectOption('partner')
  await w.at('grants-save').click()
  await fresh.at('account-role').filter({ hasText: '协同单位' }).waitFor()
  expect(await fresh.at('view-roster').count()).toBe(0)

  // What is taken away is gone at once.
  await w.at('act-disable').click()
  await w.at('act-sure').click()
  await w.at('account-said').waitFor()
  await fresh.at('signin').waitFor({ timeout: 15_000 })
  await fresh.close()

  await w.at('accounts-role').selectOption('responder')
  await w.at('account-responder1').click()
  await w.at('enrol-create').click()
  const address = (await w.at('qr').getAttribute('data-address')) ?? ''
  await look(w, 'enrol')
  const phone = await Window.open(browser, phoneScreen)
  await phone.go(address)
  await phone.at('enrol-submit').waitFor()
  expect(phone.page.url()).not.toContain('enrol')
  await look(phone, 'phone')
  await phone.at('enrol-device').fill('值班手机')
  await phone.at('enrol-submit').click()
  await phone.at('enrol-go').click()
  await phone.at('duty-switch').waitFor()
  await phone.at('phone-sessions').getByText('值班手机').waitFor()
  await w.at('enrol-used').waitFor()

  // The same code again, on another phone.
  const second = await Window.open(browser, phoneScreen)
  await second.go(address)
  await second.at('enrol-submit').click()
  await second.at('enrol-failure').waitFor()
  await look(second, 'phone-refused')
  await w.page.getByText('又有人试用').waitFor()
  await look(w, 'enrolled')
  for (const x of [w, phone, second]) expect(complaints(x)).toEqual([])
  await second.close()
  await phone.close()
  await w.close()
})

it('shows the audit administrator the trail, and nothing else', async () => {
  const w = await open('/console')
  await signInFirst(w, 'auditor')
  await w.at('audit-state').waitFor()
  expect(await w.at('view-accounts').count()).toBe(0)
  expect(await w.at('view-dispatch').count()).toBe(0)
  await w.at('audit-kind').selectOption('grant')
  await w.at('audit-account.create').first().click()
  await w.page.getByText('新建账户').first().waitFor()
  expect(await w.at('audit-session.sign_in').count()).toBe(0)
  await look(w, 'audit')
  await w.at('view-privacy').click()
  await w.at('privacy-purposes').waitFor()
  await look(w, 'privacy')
  expect(complaints(w)).toEqual([])
  await w.close()
})
