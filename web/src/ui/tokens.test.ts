import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

// Every colour that words are written in, on every ground they may stand on:
// a list's row may be chosen and overdue at once.
const words = ['text', 'text-soft', 'text-faint', 'accent', 'critical', 'clock-in-time', 'clock-near', 'clock-over']
const grounds = ['ground', 'surface', 'raised', 'accent-ground']

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')

function colours(block: RegExp): Map<string, string> {
  const body = block.exec(css)?.[1] ?? ''
  return new Map([...body.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1] ?? '', m[2] ?? '']))
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

describe.each([
  ['dark', /^:root \{([^}]*)\}/m],
  ['light', /^:root\[data-theme="light"\] \{([^}]*)\}/m],
])('%s', (_, block) => {
  const of = colours(block)
  it.each(grounds)('words can be read on %s', (ground) => {
    const short = words
      .map((word) => ({ word, ratio: contrast(of.get(word) ?? '#000000', of.get(ground) ?? '#000000') }))
      .filter(({ ratio }) => ratio < 4.5)
    expect(short).toEqual([])
  })
})
