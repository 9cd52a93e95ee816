// How large the wall's text must be: Chinese glyphs about a 160th to a 215th of
// the viewing distance (16-22 arc minutes); body text here is a 180th.

/** Factor on the usual 16 px for a distance and a screen height in metres. */
export function scaleFor(pixelHeight: number, distanceMeters: number, heightMeters: number): number {
  if (!(distanceMeters > 0) || !(heightMeters > 0)) return Math.max(1, pixelHeight / 1080)
  const glyphMeters = distanceMeters / 180
  const pixels = (glyphMeters / heightMeters) * pixelHeight
  return Math.min(6, Math.max(0.75, pixels / 16))
}
