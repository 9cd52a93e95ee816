// Addresses that open the phone's own map app at a place, each in its datum.
import { toGCJ02 } from './gcj02'

/** The system's choice of map app: RFC 5870, WGS-84. */
export function geoLink(lon: number, lat: number, name: string): string {
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`
  // Parentheses end the label, so those of the name are escaped as well.
  const label = encodeURIComponent(name).replaceAll('(', '%28').replaceAll(')', '%29')
  return `geo:${at}?q=${at}(${label})`
}

/** AMap's documented web address, which opens its app where there is one; GCJ-02. */
export function amapLink(lon: number, lat: number, name: string): string {
  const [x, y] = toGCJ02(lon, lat)
  return `https://uri.amap.com/navigation?to=${x.toFixed(6)},${y.toFixed(6)},${encodeURIComponent(name)}&mode=walk&coordinate=gaode&callnative=1`
}
