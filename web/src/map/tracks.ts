// The ways people went, told apart by the numbers they have in the list beside the
// map: colours are for what warns.
import type { FeatureCollection } from 'geojson'
import type { LayerSpecification } from 'maplibre-gl'
import type { Palette } from './palette'

type Place = readonly [lon: number, lat: number]

/** One way, in the pieces between which nothing is known. */
export interface TrackWay {
  label: string
  /** Looked at in the list. */
  chosen: boolean
  pieces: readonly (readonly Place[])[]
}

/** Where one of them is at the time looked at. */
export interface TrackPlace {
  label: string
  at: Place
}

export interface TrackPicture {
  ways: readonly TrackWay[]
  places: readonly TrackPlace[]
}

export const noTracks: TrackPicture = { ways: [], places: [] }

/** The ways, each with its number at its end. */
export function wayFeatures(ways: readonly TrackWay[]): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: ways.flatMap(({ label, chosen, pieces }) => {
      const end = pieces.at(-1)?.at(-1)
      return [
        {
          type: 'Feature' as const,
          geometry: {
            type: 'MultiLineString' as const,
            coordinates: pieces.filter((p) => p.length > 1).map((p) => p.map((at) => [...at])),
          },
          properties: { chosen },
        },
        ...(end
          ? [{ type: 'Feature' as const, geometry: { type: 'Point' as const, coordinates: [...end] }, properties: { chosen, label } }]
          : []),
      ]
    }),
  }
}

export function placeFeatures(places: readonly TrackPlace[]): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: places.map(({ label, at }) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [...at] },
      properties: { label },
    })),
  }
}

const font = ['Noto Sans CJK SC', 'Noto Sans SC', 'sans-serif']

export function trackLayers(p: Palette, scale: number): LayerSpecification[] {
  const round = { 'line-cap': 'round', 'line-join': 'round' } as const
  const number = {
    'text-field': ['get', 'label'] as ['get', string],
    'text-font': font,
    'text-size': 12 * scale,
    'text-allow-overlap': true,
    'text-ignore-placement': true,
  }
  const colour = ['case', ['get', 'chosen'], p.accent, p.mark] as ['case', ['get', 'chosen'], string, string]
  return [
    {
      id: 'way-edge',
      type: 'line',
      source: 'ways',
      layout: round,
      paint: { 'line-color': p.halo, 'line-width': 6 * scale, 'line-opacity': 0.8 },
    },
    {
      id: 'way',
      type: 'line',
      source: 'ways',
      layout: round,
      paint: { 'line-color': colour, 'line-width': ['case', ['get', 'chosen'], 4 * scale, 2 * scale] },
    },
    {
      id: 'way-number',
      type: 'symbol',
      source: 'ways',
      filter: ['has', 'label'],
      layout: { ...number, 'text-anchor': 'left' as const, 'text-offset': [0.6, 0] as [number, number] },
      paint: { 'text-color': colour, 'text-halo-color': p.halo, 'text-halo-width': 2 * scale },
    },
    {
      id: 'track-place',
      type: 'circle',
      source: 'places',
      paint: { 'circle-radius': 10 * scale, 'circle-color': p.halo, 'circle-stroke-color': p.accent, 'circle-stroke-width': 2.5 * scale },
    },
    { id: 'track-number', type: 'symbol', source: 'places', layout: number, paint: { 'text-color': p.mark } },
  ]
}
