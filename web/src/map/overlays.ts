// What happens, drawn over the ground: one list of layers, lowest first.
import type { LayerSpecification } from 'maplibre-gl'
import type { Palette } from './palette'

const font = ['Noto Sans CJK SC', 'Noto Sans SC', 'sans-serif']

export function overlayLayers(p: Palette, o: { cameras: boolean; facilities: boolean; scale: number }): LayerSpecification[] {
  const { scale } = o
  const text = { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1.4 * scale }
  return [
    {
      id: 'cell',
      type: 'fill',
      source: 'cells',
      paint: {
        'fill-color': ['match', ['get', 'step'], 0, p.cell[0], 1, p.cell[1], 2, p.cell[2], p.cell[3]],
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 11, 0.55, 15, 0.15],
      },
    },
    ...(o.facilities ? facilities(p, text, scale) : []),
    ...(o.cameras ? cameras(p, text, scale) : []),
    {
      id: 'crowd',
      type: 'circle',
      source: 'crowd',
      paint: {
        'circle-radius': ['*', scale, ['interpolate', ['linear'], ['log10', ['get', 'count']], 0, 5, 3, 20]],
        'circle-color': p.halo,
        'circle-opacity': 0.75,
        'circle-stroke-color': p.label,
        'circle-stroke-width': 1 * scale,
      },
    },
    {
      id: 'crowd-count',
      type: 'symbol',
      source: 'crowd',
      layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': font, 'text-size': 10.5 * scale },
      paint: { 'text-color': p.label },
    },
    {
      id: 'responder',
      type: 'symbol',
      source: 'responders',
      layout: {
        'icon-image': ['get', 'icon'],
        'icon-rotate': ['get', 'turn'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'icon-size': ['interpolate', ['linear'], ['zoom'], 10, 0.45, 14, 1],
        'symbol-sort-key': ['case', ['get', 'working'], 1, 0],
      },
      paint: { 'icon-opacity': ['case', ['get', 'working'], 1, 0.75] },
    },
    {
      id: 'selected',
      type: 'circle',
      source: 'selected',
      paint: {
        'circle-radius': 24 * scale,
        'circle-color': 'transparent',
        'circle-stroke-color': p.accent,
        'circle-stroke-width': 3 * scale,
      },
    },
    {
      id: 'incident',
      type: 'symbol',
      source: 'incidents',
      layout: {
        'icon-image': ['get', 'icon'],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['get', 'label'],
        'text-font': font,
        'text-size': 12 * scale,
        'text-anchor': 'left',
        'text-offset': [1.6, 0],
        'text-optional': true,
        'symbol-sort-key': ['case', ['get', 'critical'], 0, 1],
      },
      paint: { ...text, 'text-color': ['case', ['get', 'critical'], p.critical, p.mark] },
    },
  ]
}

type Text = { 'text-color': string; 'text-halo-color': string; 'text-halo-width': number }

function facilities(p: Palette, text: Text, scale: number): LayerSpecification[] {
  return [
    {
      id: 'facility',
      type: 'circle',
      source: 'facilities',
      'source-layer': 'facility',
      minzoom: 14.5,
      paint: { 'circle-radius': 3 * scale, 'circle-color': p.halo, 'circle-stroke-color': p.label, 'circle-stroke-width': 1.2 * scale },
    },
    {
      id: 'facility-name',
      type: 'symbol',
      source: 'facilities',
      'source-layer': 'facility',
      minzoom: 16.5,
      layout: {
        'text-field': ['get', 'name'],
        'text-font': font,
        'text-size': 10.5 * scale,
        'text-anchor': 'top',
        'text-offset': [0, 0.6],
      },
      paint: { ...text, 'text-opacity': 0.8 },
    },
  ]
}

function cameras(p: Palette, text: Text, scale: number): LayerSpecification[] {
  return [
    {
      id: 'view',
      type: 'fill',
      source: 'views',
      paint: { 'fill-color': p.accent, 'fill-opacity': ['case', ['get', 'working'], 0.14, 0.04] },
    },
    { id: 'view-edge', type: 'line', source: 'views', paint: { 'line-color': p.accent, 'line-width': 0.8 * scale, 'line-opacity': 0.5 } },
    {
      id: 'camera',
      type: 'symbol',
      source: 'cameras',
      'source-layer': 'camera',
      minzoom: 15,
      layout: {
        'icon-image': ['case', ['==', ['get', 'stream'], 'up'], 'camera-up', 'camera-down'],
        'icon-allow-overlap': true,
        'icon-rotate': ['-', ['get', 'bearing'], 90],
        'icon-rotation-alignment': 'map',
      },
    },
    {
      id: 'camera-count',
      type: 'symbol',
      source: 'cameras',
      'source-layer': 'camera_cluster',
      minzoom: 12.5,
      maxzoom: 14,
      layout: {
        'icon-image': 'camera-up',
        'text-field': ['to-string', ['get', 'count']],
        'text-font': font,
        'text-size': 10.5 * scale,
        'text-offset': [1.2, 0],
      },
      paint: { ...text, 'icon-opacity': 0.6 },
    },
  ]
}
