// Before all: whom the demonstration has on duty goes home at eight in the morning and
// in the evening, by the time of Beijing. A run that would see it waits for it.
const hour = 3_600_000
const every = 12 * hour
const run = 9 * 60_000 // of all files

export async function setup(): Promise<void> {
  const left = every - (Date.now() % every)
  if (left < run) await new Promise((later) => setTimeout(later, left + 1000))
}
