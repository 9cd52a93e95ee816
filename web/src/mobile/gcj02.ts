// WGS-84 to GCJ-02, the datum Chinese map apps expect. The formula is the one
// commonly published; it is checked against another implementation in the test.

const a = 6_378_245 // semi-major axis of Krasovsky 1940, metres
const ee = 0.006_693_421_622_965_943 // its eccentricity squared
const pi = Math.PI

/** Gives [longitude, latitude] in GCJ-02. Outside of China nothing is shifted. */
export function toGCJ02(lon: number, lat: number): [number, number] {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat]
  const x = lon - 105
  const y = lat - 35
  const radLat = (lat / 180) * pi
  const magic = 1 - ee * Math.sin(radLat) ** 2
  const root = Math.sqrt(magic)
  const dLat = (shiftLat(x, y) * 180) / (((a * (1 - ee)) / (magic * root)) * pi)
  const dLon = (shiftLon(x, y) * 180) / ((a / root) * Math.cos(radLat) * pi)
  return [lon + dLon, lat + dLat]
}

function shiftLat(x: number, y: number): number {
  return (
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    waves(x, 20, 6, 20, 2) +
    ((20 * Math.sin(y * pi) + 40 * Math.sin((y / 3) * pi)) * 2) / 3 +
    ((160 * Math.sin((y / 12) * pi) + 320 * Math.sin((y * pi) / 30)) * 2) / 3
  )
}

function shiftLon(x: number, y: number): number {
  return (
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    waves(x, 20, 6, 20, 2) +
    ((20 * Math.sin(x * pi) + 40 * Math.sin((x / 3) * pi)) * 2) / 3 +
    ((150 * Math.sin((x / 12) * pi) + 300 * Math.sin((x / 30) * pi)) * 2) / 3
  )
}

function waves(x: number, first: number, firstFrequency: number, second: number, secondFrequency: number): number {
  return ((first * Math.sin(firstFrequency * x * pi) + second * Math.sin(secondFrequency * x * pi)) * 2) / 3
}
