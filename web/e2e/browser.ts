// The one place that knows the browser.
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'

const flags = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.YIPING_CHROMIUM ?? '/usr/bin/chromium', args: flags })
}

/** How long anything is waited for: several maps drawn in software leave a page little of two cores. */
export const patience = 60_000

export interface Screen {
  width: number
  height: number
  geolocation?: { longitude: number; latitude: number }
  locale?: string
}

/** One person's browser window; what the page complains of is kept. */
export class Window {
  readonly complaints: string[] = []

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (e) => this.complaints.push(e.message))
    page.on('console', (m) => {
      // The one expected: nobody is signed in yet, and a server that is down.
      if (
        m.type() === 'error' &&
        !/status of 401|ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|ERR_INTERNET_DISCONNECTED|WebSocket connection|status of 409|status of 503/.test(
          m.text(),
        )
      )
        this.complaints.push(m.text())
    })
  }

  static async open(browser: Browser, screen: Screen): Promise<Window> {
    const context = await browser.newContext({
      viewport: { width: screen.width, height: screen.height },
      ...(screen.geolocation ? { geolocation: screen.geolocation, permissions: ['geolocation'] } : {}),
      locale: screen.locale ?? 'zh-CN',
      serviceWorkers: 'allow',
      reducedMotion: 'reduce', // maps jump: in software each frame of a flight takes a core
    })
    context.setDefaultTimeout(patience)
    return new Window(context, await context.newPage())
  }

  go(url: string): Promise<unknown> {
    return this.page.goto(url)
  }

  at(testId: string): Locator {
    return this.page.getByTestId(testId).first()
  }

  /** Waits until something is there with an attribute's value. */
  async until(testId: string, attribute: string, value: string, within = patience): Promise<void> {
    await this.page.locator(`[data-testid="${testId}"][${attribute}="${value}"]`).first().waitFor({ state: 'attached', timeout: within })
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.at('signin-username').fill(username)
    await this.at('signin-password').fill(password)
    await this.at('signin-submit').click()
  }

  async close(): Promise<void> {
    await this.context.close()
  }
}
