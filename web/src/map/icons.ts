// Marks drawn on a canvas: incidents as shapes by family inside a ring by
// priority, responders as oriented marks by status. Shape tells what colour
// alone must not.
import type { Palette } from './palette'

type Draw = (c: CanvasRenderingContext2D, size: number) => void

function icon(size: number, ratio: number, draw: Draw): ImageData | null {
  const canvas = document.createElement('canvas')
  canvas.width = size * ratio
  canvas.height = size * ratio
  const c = canvas.getContext('2d')
  if (!c) return null
  c.scale(ratio, ratio)
  c.translate(size / 2, size / 2)
  draw(c, size)
  return c.getImageData(0, 0, canvas.width, canvas.height)
}

function polygon(c: CanvasRenderingContext2D, corners: number, r: number, turn = -Math.PI / 2): void {
  c.beginPath()
  for (let k = 0; k < corners; k++) {
    const a = turn + (k * 2 * Math.PI) / corners
    c.lineTo(r * Math.cos(a), r * Math.sin(a))
  }
  c.closePath()
}

/** The shape of each family, filling radius r. */
const shapes: Record<string, (c: CanvasRenderingContext2D, r: number) => void> = {
  natural: (c, r) => polygon(c, 3, r),
  accident: (c, r) => polygon(c, 4, r),
  health: (c, r) => {
    const a = r * 0.36
    c.beginPath()
    for (const [x, y] of [
      [-a, -r],
      [a, -r],
      [a, -a],
      [r, -a],
      [r, a],
      [a, a],
      [a, r],
      [-a, r],
      [-a, a],
      [-r, a],
      [-r, -a],
      [-a, -a],
    ] as const)
      c.lineTo(x, y)
    c.closePath()
  },
  security: (c, r) => polygon(c, 5, r),
  urban: (c, r) => {
    c.beginPath()
    c.rect(-r * 0.75, -r * 0.75, r * 1.5, r * 1.5)
  },
  service: (c, r) => {
    c.beginPath()
    c.arc(0, 0, r * 0.8, 0, 2 * Math.PI)
  },
}

const ring: Record<string, number> = { critical: 4, urgent: 3, normal: 1.5, low: 0.75 }

export const families = Object.keys(shapes)
export const priorities = Object.keys(ring)

export function incidentIcon(family: string, priority: string, p: Palette, ratio: number, scale: number): ImageData | null {
  return icon(36 * scale, ratio, (c, size) => {
    const outer = size / 2 - 3 * scale
    c.beginPath()
    c.arc(0, 0, outer, 0, 2 * Math.PI)
    c.fillStyle = p.markEdge
    c.fill()
    c.lineWidth = (ring[priority] ?? 1) * scale
    c.strokeStyle = priority === 'critical' ? p.critical : p.mark
    c.stroke()
    c.fillStyle = priority === 'critical' ? p.critical : p.mark
    shapes[family]?.(c, outer * 0.55)
    c.fill()
  })
}

/** on_duty: filled disc; on_call: open disc; en_route: arrow; on_scene: square. */
export const statuses = ['on_duty', 'on_call', 'accepted', 'en_route', 'on_scene'] as const

export function responderIcon(status: (typeof statuses)[number], p: Palette, ratio: number, scale: number): ImageData | null {
  return icon(22 * scale, ratio, (c, size) => {
    const r = size / 2 - 3 * scale
    c.lineWidth = 1.5 * scale
    c.strokeStyle = p.markEdge
    c.fillStyle = status === 'on_duty' || status === 'on_call' ? p.label : p.accent
    if (status === 'en_route' || status === 'accepted') {
      c.beginPath()
      c.moveTo(0, -r * 1.1)
      c.lineTo(r * 0.85, r)
      c.lineTo(0, r * 0.5)
      c.lineTo(-r * 0.85, r)
      c.closePath()
    } else if (status === 'on_scene') {
      c.beginPath()
      c.rect(-r * 0.8, -r * 0.8, r * 1.6, r * 1.6)
    } else {
      c.beginPath()
      c.arc(0, 0, r * 0.62, 0, 2 * Math.PI)
    }
    if (status === 'on_call' || status === 'accepted') {
      c.fillStyle = p.markEdge
      c.strokeStyle = status === 'accepted' ? p.accent : p.label
    }
    c.fill()
    c.stroke()
  })
}

export function cameraIcon(working: boolean, p: Palette, ratio: number, scale: number): ImageData | null {
  return icon(18 * scale, ratio, (c, size) => {
    const r = size / 2 - 2 * scale
    c.lineWidth = 1.5 * scale
    c.fillStyle = working ? p.label : p.markEdge
    c.strokeStyle = working ? p.markEdge : p.label
    c.beginPath()
    c.rect(-r * 0.8, -r * 0.5, r * 1.1, r)
    c.moveTo(r * 0.3, -r * 0.1)
    c.lineTo(r * 0.9, -r * 0.5)
    c.lineTo(r * 0.9, r * 0.5)
    c.lineTo(r * 0.3, r * 0.1)
    c.closePath()
    c.fill()
    c.stroke()
    if (!working) {
      c.beginPath()
      c.moveTo(-r, r)
      c.lineTo(r, -r)
      c.stroke()
    }
  })
}
