// The base map from the server's own tiles: ground, water, roads, borders,
// names. Widths grow with the zoom; small roads come late.
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Palette } from './palette'

const tiles = (set: string) => `${location.origin}/api/v1/tiles/${set}/{z}/{x}/{y}`

/** Zoom steps of a width that grows exponentially. */
const width = (...stops: number[]): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], ...stops] as unknown as ExpressionSpecification

export function baseStyle(p: Palette, scale: number): StyleSpecification {
  return {
    version: 8,
    sources: {
      base: { type: 'vector', tiles: [tiles('base')], minzoom: 8, maxzoom: 15 },
    },
    layers: [
      { id: 'background', type: 'background', paint: { 'background-color': p.water } },
      ...ground(p),
      ...roads(p, scale),
      ...borders(p, scale),
      ...names(p, scale),
    ],
  }
}

const kindOf = (property: string, ...values: string[]): ExpressionSpecification => ['in', ['get', property], ['literal', values]]

function ground(p: Palette): LayerSpecification[] {
  const fill = (id: string, layer: string, color: string, filter?: ExpressionSpecification, minzoom = 0): LayerSpecification => ({
    id,
    type: 'fill',
    source: 'base',
    'source-layer': layer,
    minzoom,
    ...(filter ? { filter } : {}),
    paint: { 'fill-color': color, 'fill-antialias': true },
  })
  return [
    fill('land', 'land', p.country),
    fill(
      'land-built',
      'land',
      p.built,
      kindOf('class', 'urban', 'village', 'residential', 'commercial', 'civic', 'industrial', 'school', 'hospital', 'station'),
    ),
    fill('land-planted', 'land', p.green, kindOf('class', 'meadow', 'orchard', 'greenhouse'), 12),
    fill('green', 'green', p.green),
    fill('water', 'water', p.water, ['==', ['geometry-type'], 'Polygon']),
    {
      id: 'stream',
      type: 'line',
      source: 'base',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'LineString'],
      paint: { 'line-color': p.water, 'line-width': width(10, 1, 16, 6) },
    },
    fill('building', 'building', p.building, undefined, 14),
  ]
}

const classes: { class: string; from: number; casing: number[]; inner: number[]; tone: 'minor' | 'major' | 'trunk' }[] = [
  { class: 'service', from: 14, casing: [14, 0.6, 18, 9], inner: [14, 0.4, 18, 7], tone: 'minor' },
  { class: 'residential', from: 12.5, casing: [12, 0.6, 18, 14], inner: [12, 0.4, 18, 11], tone: 'minor' },
  { class: 'tertiary', from: 11, casing: [11, 0.8, 18, 18], inner: [11, 0.6, 18, 15], tone: 'minor' },
  { class: 'secondary', from: 9, casing: [9, 0.8, 18, 24], inner: [9, 0.5, 18, 20], tone: 'major' },
  { class: 'primary', from: 8, casing: [8, 1, 18, 28], inner: [8, 0.6, 18, 24], tone: 'major' },
  { class: 'trunk', from: 7, casing: [8, 1.4, 18, 30], inner: [8, 0.9, 18, 26], tone: 'trunk' },
  { class: 'motorway', from: 6, casing: [8, 1.8, 18, 32], inner: [8, 1.1, 18, 28], tone: 'trunk' },
]

function roads(p: Palette, scale: number): LayerSpecification[] {
  const line = (id: string, road: (typeof classes)[number], color: string, stops: number[]): LayerSpecification => ({
    id,
    type: 'line',
    source: 'base',
    'source-layer': 'road',
    minzoom: road.from,
    filter: ['==', ['get', 'class'], road.class],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': color, 'line-width': width(...stops.map((v, k) => (k % 2 ? v * scale : v))) },
  })
  return [
    ...classes.map((road) => line(`casing-${road.class}`, road, p.casing, road.casing)),
    ...classes.map((road) => line(`road-${road.class}`, road, p[road.tone], road.inner)),
    {
      id: 'rail',
      type: 'line',
      source: 'base',
      'source-layer': 'rail',
      paint: { 'line-color': p.rail, 'line-width': width(9, 0.8, 16, 3), 'line-dasharray': [6, 3] },
    },
  ]
}

function borders(p: Palette, scale: number): LayerSpecification[] {
  const border = (level: string, from: number, size: number, opacity: number, dash?: number[]): LayerSpecification => ({
    id: `border-${level}`,
    type: 'line',
    source: 'base',
    'source-layer': 'area',
    minzoom: from,
    filter: ['==', ['get', 'level'], level],
    layout: { 'line-join': 'round' },
    paint: { 'line-color': p.border, 'line-width': size * scale, 'line-opacity': opacity, ...(dash ? { 'line-dasharray': dash } : {}) },
  })
  return [
    border('grid', 15.5, 0.6, 0.4, [2, 3]),
    border('community', 12, 0.8, 0.5, [4, 2]),
    border('street', 9, 1.2, 0.75, [6, 2]),
    border('district', 0, 2, 0.9),
  ]
}

function names(p: Palette, scale: number): LayerSpecification[] {
  const font = ['Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif']
  const text = (color: string) => ({ 'text-color': color, 'text-halo-color': p.halo, 'text-halo-width': 1.4 * scale })
  return [
    {
      id: 'road-name',
      type: 'symbol',
      source: 'base',
      'source-layer': 'road',
      minzoom: 13,
      filter: ['all', ['!=', ['get', 'name'], ''], kindOf('class', 'motorway', 'trunk', 'primary', 'secondary', 'tertiary')],
      layout: {
        'symbol-placement': 'line',
        'text-field': ['get', 'name'],
        'text-font': font,
        'text-size': 11 * scale,
        'symbol-spacing': 320,
      },
      paint: { ...text(p.label), 'text-opacity': 0.85 },
    },
    {
      id: 'area-name',
      type: 'symbol',
      source: 'base',
      'source-layer': 'area_label',
      layout: {
        'text-field': ['get', 'name'],
        'text-font': font,
        'text-size': ['match', ['get', 'level'], 'district', 18 * scale, 'street', 14 * scale, 11.5 * scale],
        'symbol-sort-key': ['match', ['get', 'level'], 'district', 0, 'street', 1, 2],
        'text-padding': 6,
      },
      paint: text(p.label),
    },
  ]
}
