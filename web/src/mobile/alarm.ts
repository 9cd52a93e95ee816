// The sound and the shaking of an offer: made here, no file. Browsers let a page
// sound only after it was touched once.

let audio: AudioContext | null = null
let ringing: ReturnType<typeof setInterval> | undefined
const soundKey = 'yiping.phone.sound'

export const soundWanted = (): boolean => localStorage.getItem(soundKey) !== 'off'

export function wantSound(on: boolean): void {
  localStorage.setItem(soundKey, on ? 'on' : 'off')
}

/** To be called from a touch: from then on sounds may be made. */
export function unlockSound(): void {
  audio ??= typeof AudioContext === 'undefined' ? null : new AudioContext()
  if (audio?.state === 'suspended') void audio.resume()
}

/** Two rising tones, twice. */
export function chime(): void {
  if (audio?.state !== 'running') return
  const start = audio.currentTime
  for (const [n, hertz] of [740, 988, 740, 988].entries()) tone(audio, hertz, start + n * 0.22)
}

function tone(on: AudioContext, hertz: number, at: number): void {
  const wave = on.createOscillator()
  const gain = on.createGain()
  wave.frequency.value = hertz
  gain.gain.setValueAtTime(0.0001, at)
  gain.gain.exponentialRampToValueAtTime(0.5, at + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.2)
  wave.connect(gain).connect(on.destination)
  wave.start(at)
  wave.stop(at + 0.21)
}

/** Rings and shakes until silenced. */
export function ring(): void {
  if (ringing !== undefined) return
  const once = () => {
    if (soundWanted()) chime()
    navigator.vibrate?.([400, 150, 400])
  }
  once()
  ringing = setInterval(once, 3000)
}

export function silence(): void {
  clearInterval(ringing)
  ringing = undefined
  navigator.vibrate?.(0)
}
