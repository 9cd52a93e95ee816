import { expect, it } from 'vitest'
import { boxOf, pointFeatures } from './points'

const district = [122, 38, 123, 39]

it('the box is of the points inside', () => {
  const points = [
    [1, 122.2, 38.4],
    [2, 122.6, 38.1],
    [3, 0, 0],
    [4, 121.9, 38.5],
    [5, 122.5, 39.1],
  ]
  expect(boxOf(points, district)).toEqual([122.2, 38.1, 122.6, 38.4])
  expect(boxOf([[3, 0, 0]], district)).toBeUndefined()
  expect(boxOf([], district)).toBeUndefined()
})

it('points become features with their id', () => {
  expect(pointFeatures([[7, 122.5, 38.5]]).features[0]).toMatchObject({
    geometry: { type: 'Point', coordinates: [122.5, 38.5] },
    properties: { id: 7 },
  })
})
