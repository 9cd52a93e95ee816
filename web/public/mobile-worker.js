// Keeps the phone's shell, so that it opens without a network. Never the API's
// answers: what the phone knows of incidents and people is kept by the page
// itself, and deleted with signing out.
const shelf = 'yiping-phone-1'
const shell = '/m'
const patience = 3000 // ms for the network to give a fresh shell
const mostAssets = 40

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith('yiping-phone-') && n !== shelf).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== location.origin) return
  if (event.request.mode === 'navigate' && (url.pathname === shell || url.pathname.startsWith(`${shell}/`))) event.respondWith(freshShell())
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(event.request))
  else if (url.pathname === '/icon.svg' || url.pathname === '/mobile.webmanifest') event.respondWith(asset(event.request))
})

/** Keeps the page and everything it names. */
async function keepShell() {
  const response = await fetch(shell, { cache: 'no-cache' })
  if (!response.ok) throw new Error('no shell')
  const cache = await caches.open(shelf)
  const html = await response.clone().text()
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1])
  await cache.addAll([...new Set(named)])
  await cache.put(shell, response)
  await prune(cache)
}

/** The network's shell when it comes in time, else the kept one. */
async function freshShell() {
  const kept = await caches.match(shell)
  const fresh = fetch(shell, { cache: 'no-cache' }).then((response) => {
    if (response.ok && response.redirected === false) void keepShell().catch(() => {})
    return response
  })
  if (!kept) return fresh
  const late = new Promise((done) => setTimeout(() => done(kept), patience))
  return Promise.race([fresh.catch(() => kept), late])
}

/** Assets carry a hash in their name: what is kept is right. */
async function asset(request) {
  const kept = await caches.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) {
    const cache = await caches.open(shelf)
    await cache.put(request, response.clone())
  }
  return response
}

/** Drops the oldest assets of earlier versions. */
async function prune(cache) {
  const assets = (await cache.keys()).filter((r) => new URL(r.url).pathname.startsWith('/assets/'))
  await Promise.all(assets.slice(0, Math.max(0, assets.length - mostAssets)).map((r) => cache.delete(r)))
}
