// Many places of one kind, such as the rows of a register: gathered into
// circles with their number from far, dots from near.
import type { FeatureCollection, Point } from 'geojson'
import type { LayerSpecification, SourceSpecification } from 'maplibre-gl'
import type { Palette } from './palette'

/** Id, longitude, latitude. */
export type PlacePoint = readonly number[]

const font = ['Noto Sans CJK SC', 'Noto Sans SC', 'sans-serif']

export const pointsSource: SourceSpecification = {
  type: 'geojson',
  data: { type: 'FeatureCollection', features: [] },
  cluster: true,
  clusterRadius: 36,
  clusterMaxZoom: 14,
}

export function pointFeatures(points: readonly PlacePoint[]): FeatureCollection<Point> {
  return {
    type: 'FeatureCollection',
    features: points.map(([id = 0, lon = 0, lat = 0]) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [lon, lat] },
      properties: { id },
    })),
  }
}

/** The box around the points within another box, undefined where none is there. */
export function boxOf(
  points: readonly PlacePoint[],
  [west = 0, south = 0, east = 0, north = 0]: readonly number[],
): [number, number, number, number] | undefined {
  let box: [number, number, number, number] | undefined
  for (const [, lon = 0, lat = 0] of points) {
    if (lon < west || lon > east || lat < south || lat > north) continue
    if (!box) box = [lon, lat, lon, lat]
    else box = [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
  }
  return box
}

/** The tiles of all cameras, from as far as a district is looked at. */
export const wholeSource = (): SourceSpecification => ({
  type: 'vector',
  tiles: [`${location.origin}/api/v1/tiles/cameras/{z}/{x}/{y}`],
  minzoom: 8,
  maxzoom: 16,
})

/** All cameras as the rows of a list: as `pointLayers` draws them, from tiles. */
export function wholeLayers(p: Palette, scale: number): LayerSpecification[] {
  return [
    {
      id: 'gathering',
      type: 'circle',
      source: 'whole',
      'source-layer': 'camera_cluster',
      maxzoom: 14,
      paint: {
        'circle-color': p.halo,
        'circle-opacity': 0.9,
        'circle-stroke-color': p.accent,
        'circle-stroke-width': 1.25 * scale,
        'circle-radius': ['step', ['get', 'count'], 9 * scale, 10, 11 * scale, 100, 14 * scale, 1000, 18 * scale],
      },
    },
    {
      id: 'gathering-count',
      type: 'symbol',
      source: 'whole',
      'source-layer': 'camera_cluster',
      maxzoom: 14,
      layout: {
        'text-field': ['to-string', ['get', 'count']],
        'text-font': font,
        'text-size': 11 * scale,
        'text-allow-overlap': true,
        'text-ignore-placement': true,
      },
      paint: { 'text-color': p.mark },
    },
    {
      id: 'row',
      type: 'circle',
      source: 'whole',
      'source-layer': 'camera',
      minzoom: 14,
      paint: {
        'circle-color': p.accent,
        'circle-stroke-color': p.markEdge,
        'circle-stroke-width': 1 * scale,
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 3 * scale, 16, 5.5 * scale],
      },
    },
  ]
}

export function pointLayers(p: Palette, scale: number): LayerSpecification[] {
  return [
    {
      id: 'cluster',
      type: 'circle',
      source: 'points',
      filter: ['has', 'point_count'],
      paint: {
        'circle-color': p.halo,
        'circle-opacity': 0.9,
        'circle-stroke-color': p.accent,
        'circle-stroke-width': 1.25 * scale,
        'circle-radius': ['step', ['get', 'point_count'], 9 * scale, 10, 11 * scale, 100, 14 * scale, 1000, 18 * scale],
      },
    },
    {
      id: 'cluster-count',
      type: 'symbol',
      source: 'points',
      filter: ['has', 'point_count'],
      layout: {
        'text-field': ['to-string', ['get', 'point_count']],
        'text-font': font,
        'text-size': 11 * scale,
        'text-allow-overlap': true,
        'text-ignore-placement': true,
      },
      paint: { 'text-color': p.mark },
    },
    {
      id: 'point',
      type: 'circle',
      source: 'points',
      filter: ['!', ['has', 'point_count']],
      paint: {
        'circle-color': p.accent,
        'circle-stroke-color': p.markEdge,
        'circle-stroke-width': 1 * scale,
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 3 * scale, 16, 5.5 * scale],
      },
    },
  ]
}
