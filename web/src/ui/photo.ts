// Photos are made small before they travel: a weak signal carries 200 KB, not 6 MB.
// What else a camera writes into the file (place, model) is gone with it.

const longestSide = 1600 // pixels
const quality = 0.8

/** Gives the picture as a JPEG of at most 1600 pixels a side; null when it cannot be read. */
export async function shrinkPhoto(file: Blob): Promise<Blob | null> {
  let picture: ImageBitmap
  try {
    picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    return null
  }
  const { width, height } = fitted(picture.width, picture.height)
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const on = canvas.getContext('2d')
  if (!on) return null
  on.fillStyle = '#fff'
  on.fillRect(0, 0, width, height)
  on.drawImage(picture, 0, 0, width, height)
  picture.close()
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality))
}

/** The size within the longest side, never larger than it is. */
export function fitted(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, longestSide / Math.max(width, height, 1))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}
