/** The outline of a camera's view, a closed ring; short distances, so the earth is taken as flat. */
export function sectorRing(lon: number, lat: number, bearing: number, view: number, range: number): [number, number][] {
  const north = range / 111_195
  const east = north / Math.cos((lat * Math.PI) / 180)
  const span = Math.min(view, 360)
  const steps = Math.max(2, Math.ceil(span / 6))
  const ring: [number, number][] = span < 360 ? [[lon, lat]] : []
  for (let k = 0; k <= steps; k++) {
    const angle = ((bearing - span / 2 + (span * k) / steps) * Math.PI) / 180
    ring.push([lon + east * Math.sin(angle), lat + north * Math.cos(angle)])
  }
  const first = ring[0]
  if (first) ring.push(first)
  return ring
}
