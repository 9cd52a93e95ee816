import gcoord from 'gcoord'
import { describe, expect, it } from 'vitest'
import { metersBetween } from '../state/track'
import { toGCJ02 } from './gcj02'
import { amapLink, geoLink } from './navigate'

describe('GCJ-02', () => {
  it('agrees with another implementation all over China', () => {
    for (let lon = 75; lon < 135; lon += 3.7) {
      for (let lat = 19; lat < 53; lat += 2.3) {
        const [x, y] = toGCJ02(lon, lat)
        const [wantX, wantY] = gcoord.transform([lon, lat], gcoord.WGS84, gcoord.GCJ02)
        expect(metersBetween({ lon: x, lat: y }, { lon: wantX, lat: wantY })).toBeLessThan(0.01)
      }
    }
  })

  it('shifts by some hundred metres in Zibo and not at all abroad', () => {
    const [x, y] = toGCJ02(117.87, 36.8)
    const shift = metersBetween({ lon: 117.87, lat: 36.8 }, { lon: x, lat: y })
    expect(shift).toBeGreaterThan(400)
    expect(shift).toBeLessThan(600)
    expect(toGCJ02(2.35, 48.85)).toEqual([2.35, 48.85])
  })

  it('writes each address in its datum, with the name escaped', () => {
    expect(geoLink(117.87, 36.8, '长寿小区(南门)')).toBe(
      'geo:36.800000,117.870000?q=36.800000,117.870000(%E9%95%BF%E5%AF%BF%E5%B0%8F%E5%8C%BA%28%E5%8D%97%E9%97%A8%29)',
    )
    const amap = new URL(amapLink(117.87, 36.8, 'a&b=c'))
    expect(amap.searchParams.get('to')).toMatch(/^117\.875\d+,36\.80\d+,a&b=c$/)
    expect(amap.searchParams.get('coordinate')).toBe('gaode')
  })
})
