// The one owner of the GL map. Pages hand it whole states; what has not changed
// is skipped. It draws, it tells what was clicked, and knows nothing else.

import type { Feature } from 'geojson'
import { cellToBoundary } from 'h3-js'
import { type GeoJSONSource, Map as GLMap, type MapGeoJSONFeature, setWorkerUrl } from 'maplibre-gl'
import workerURL from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { Crowd } from '../api/frames'
import type { Incident, Responder } from '../api/types'
import { cameraIcon, families, incidentIcon, priorities, responderIcon, statuses } from './icons'
import { overlayLayers } from './overlays'
import { dark, light, type Palette } from './palette'
import { boxOf, type PlacePoint, pointFeatures, pointLayers, pointsSource, wholeLayers, wholeSource } from './points'
import { sectorRing } from './sector'
import { baseStyle } from './style'
import { placeFeatures, type TrackPicture, type TrackPlace, type TrackWay, trackLayers, wayFeatures } from './tracks'

setWorkerUrl(workerURL)

export type Picked =
  | { kind: 'incident'; id: number }
  | { kind: 'responder'; id: number }
  | { kind: 'camera'; id: number }
  | { kind: 'facility'; id: number }
  | { kind: 'point'; id: number }
  | { kind: 'ground'; lon: number; lat: number }

export interface MapOptions {
  container: HTMLElement
  bounds: readonly [number, number, number, number]
  theme: 'dark' | 'light'
  scale: number
  cameras: boolean
  facilities: boolean
  /** All cameras are drawn as the rows of a list, from tiles: the list may be as long as it is. */
  whole: boolean
  interactive: boolean
  picked: (what: Picked) => void
  /** Told where the map rests: west, south, east, north. */
  looked?: (view: readonly [number, number, number, number]) => void
}

export interface Cells {
  resolution: number
  cells: Readonly<Record<string, number>>
}

/** Whether this browser can draw the map at all. */
export function canDraw(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null
}

/** Whether motion is not wanted. */
const still = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches

const empty = { type: 'FeatureCollection' as const, features: [] }
/** What a point is of: its feature's own id where it comes in a tile. */
const idOf = (f: MapGeoJSONFeature): number => Number(f.id ?? f.properties.id)

const clickable = ['incident', 'responder', 'camera', 'facility', 'point', 'row', 'cluster', 'gathering']

export class DistrictMap {
  private readonly map: GLMap
  private readonly palette: Palette
  private loaded = false
  private waiting: (() => void)[] = []
  private incidents: ReadonlyMap<number, Incident> | null = null
  private responders: ReadonlyMap<number, Responder> | null = null
  private crowd: Crowd = []
  private cells: Cells | null = null
  private points: readonly PlacePoint[] = []

  constructor(private readonly options: MapOptions) {
    this.palette = options.theme === 'dark' ? dark : light
    const [west, south, east, north] = options.bounds
    const margin = Math.max(east - west, north - south) * 0.35
    this.map = new GLMap({
      container: options.container,
      style: baseStyle(this.palette, options.scale),
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: 24 },
      maxBounds: [west - margin, south - margin, east + margin, north + margin],
      minZoom: 8,
      maxZoom: 18,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      interactive: options.interactive,
      fadeDuration: 0,
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.on('load', () => this.begin())
    this.map.on('moveend', () => this.look())
    // A tile that did not come, while the server is away: the link's banner says so.
    this.map.on('error', (e) => {
      if (!('tile' in e)) console.error(e.error)
    })
    this.map.on('click', (e) => this.clicked(e.point.x, e.point.y, e.lngLat.lng, e.lngLat.lat))
    this.map.on('mousemove', (e) => {
      const over = this.loaded && this.pick(e.point.x, e.point.y) !== undefined
      this.map.getCanvas().style.cursor = over ? 'pointer' : ''
    })
  }

  private lookedAt = ''
  private look(): void {
    const b = this.map.getBounds()
    const view = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()] as const
    if (view.join() === this.lookedAt) return
    this.lookedAt = view.join()
    this.options.looked?.(view)
  }

  private begin(): void {
    this.look()
    this.addIcons()
    for (const id of ['cells', 'incidents', 'crowd', 'responders', 'views', 'selected', 'ways', 'places'])
      this.map.addSource(id, { type: 'geojson', data: empty })
    for (const set of ['cameras', 'facilities'] as const) {
      if (this.options[set])
        this.map.addSource(set, { type: 'vector', tiles: [`${location.origin}/api/v1/tiles/${set}/{z}/{x}/{y}`], minzoom: 12, maxzoom: 16 })
    }
    if (this.options.whole) {
      this.map.addSource('whole', wholeSource())
      for (const layer of wholeLayers(this.palette, this.options.scale)) this.map.addLayer(layer)
    }
    this.map.addSource('points', pointsSource)
    for (const layer of pointLayers(this.palette, this.options.scale)) this.map.addLayer(layer)
    for (const layer of overlayLayers(this.palette, this.options)) this.map.addLayer(layer)
    for (const layer of trackLayers(this.palette, this.options.scale)) this.map.addLayer(layer, 'selected')
    this.loaded = true
    for (const run of this.waiting.splice(0)) run()
    this.map.on('idle', () => this.showViews())
  }

  private addIcons(): void {
    const ratio = Math.max(1, Math.ceil(window.devicePixelRatio))
    const { scale } = this.options
    const add = (id: string, image: ImageData | null) => {
      if (image) this.map.addImage(id, image, { pixelRatio: ratio })
    }
    for (const family of families)
      for (const priority of priorities) add(`incident-${family}-${priority}`, incidentIcon(family, priority, this.palette, ratio, scale))
    for (const status of statuses) add(`responder-${status}`, responderIcon(status, this.palette, ratio, scale))
    add('camera-up', cameraIcon(true, this.palette, ratio, scale))
    add('camera-down', cameraIcon(false, this.palette, ratio, scale))
  }

  private whenLoaded(run: () => void): void {
    if (this.loaded) run()
    else this.waiting.push(run)
  }

  private source(id: string): GeoJSONSource | undefined {
    return this.map.getSource(id) as GeoJSONSource | undefined
  }

  private clicked(x: number, y: number, lon: number, lat: number): void {
    const hit = this.loaded ? this.pick(x, y) : undefined
    if (hit?.layer.id === 'cluster') {
      void this.openCluster(hit)
      return
    }
    if (hit?.layer.id === 'gathering') {
      this.goTo(lon, lat, this.map.getZoom() + 2)
      return
    }
    const id = hit ? idOf(hit) : 0
    if (!hit || !id) this.options.picked({ kind: 'ground', lon, lat })
    else if (hit.layer.id === 'row') this.options.picked({ kind: 'point', id })
    else this.options.picked({ kind: hit.layer.id as 'incident' | 'responder' | 'camera' | 'facility' | 'point', id })
  }

  /** Goes near enough for a gathering of points to fall apart. */
  private async openCluster(hit: MapGeoJSONFeature): Promise<void> {
    if (hit.geometry.type !== 'Point') return
    const [lon = 0, lat = 0] = hit.geometry.coordinates
    const zoom = await this.source('points')?.getClusterExpansionZoom(Number(hit.properties.cluster_id))
    this.goTo(lon, lat, zoom)
  }

  private pick(x: number, y: number): MapGeoJSONFeature | undefined {
    const layers = clickable.filter((id) => this.map.getLayer(id))
    return this.map.queryRenderedFeatures(
      [
        [x - 4, y - 4],
        [x + 4, y + 4],
      ],
      { layers },
    )[0]
  }

  /** Draws the incidents; `label` is what stands beside each. */
  showIncidents(incidents: ReadonlyMap<number, Incident>, label: (i: Incident) => string): void {
    this.incidents = incidents
    this.whenLoaded(() => {
      if (this.incidents !== incidents) return
      this.source('incidents')?.setData({
        type: 'FeatureCollection',
        features: [...incidents.values()].map((i) => ({
          type: 'Feature',
          geometry: { type: 'Point', coordinates: [i.lon, i.lat] },
          properties: {
            id: i.id,
            icon: `incident-${i.family}-${i.priority}`,
            label: label(i),
            critical: i.priority === 'critical',
            fresh: i.state === 'reported',
          },
        })),
      })
    })
  }

  /** Draws everybody whose place is known. */
  showResponders(responders: ReadonlyMap<number, Responder>): void {
    if (this.responders === responders) return
    this.responders = responders
    this.whenLoaded(() => {
      if (this.responders !== responders) return
      this.source('responders')?.setData({
        type: 'FeatureCollection',
        features: [...responders.values()]
          .filter((r) => r.lon !== undefined && r.lat !== undefined)
          .map((r) => ({
            type: 'Feature',
            geometry: { type: 'Point', coordinates: [r.lon ?? 0, r.lat ?? 0] },
            properties: {
              id: r.id,
              icon: `responder-${r.task?.state ?? r.duty}`,
              turn: r.heading_degrees ?? 0,
              working: r.task !== undefined,
            },
          })),
      })
    })
  }

  /**
   * Asks for the tiles of cameras and facilities again, and goes on showing those that
   * are there. The server has read what changed a moment after it told of it, and
   * several changes are one asking.
   */
  renew(): void {
    clearTimeout(this.renewing)
    this.renewing = setTimeout(() => {
      this.whenLoaded(() => {
        for (const set of ['cameras', 'facilities', 'whole']) if (this.map.getSource(set)) this.map.refreshTiles(set)
      })
    }, 1500)
  }
  private renewing: ReturnType<typeof setTimeout> | undefined

  /** Draws the places of a list, and shows where they are. */
  showPoints(points: readonly PlacePoint[], follow: boolean): void {
    if (this.points === points) return
    this.points = points
    this.whenLoaded(() => {
      if (this.points !== points) return
      this.source('points')?.setData(pointFeatures(points))
      const [west, south, east, north] = this.options.bounds
      const box = follow ? boxOf(points, [west, south, east, north]) : undefined
      if (box) this.map.fitBounds(box, { padding: 48, maxZoom: 15, duration: still() ? 0 : 600 })
    })
  }

  /** Draws how many stand where, when they are too many to be drawn one by one. */
  showCrowd(crowd: Crowd): void {
    if (this.crowd === crowd) return
    this.crowd = crowd
    this.whenLoaded(() => {
      if (this.crowd !== crowd) return
      this.source('crowd')?.setData({
        type: 'FeatureCollection',
        features: crowd.map(([lon, lat, count]) => ({
          type: 'Feature',
          geometry: { type: 'Point', coordinates: [lon, lat] },
          properties: { count },
        })),
      })
    })
  }

  /** Colours cells by a measure in four steps of real numbers; gives the steps' lower bounds. */
  showCells(cells: Cells | null): number[] {
    if (this.cells === cells) return []
    this.cells = cells
    const steps = cells ? cellSteps(Object.values(cells.cells)) : []
    this.whenLoaded(() => {
      if (this.cells !== cells) return
      this.source('cells')?.setData({
        type: 'FeatureCollection',
        features: Object.entries(cells?.cells ?? {}).map(([cell, value]) => ({
          type: 'Feature',
          geometry: { type: 'Polygon', coordinates: [cellToBoundary(cell, true)] },
          properties: { value, step: steps.filter((s) => value >= s).length - 1 },
        })),
      })
    })
    return steps
  }

  /** The views of the cameras on the screen, from street level. */
  private showViews(): void {
    if (!this.options.cameras || !this.map.getLayer('camera')) return
    const seen = this.map.getZoom() >= 15.5 ? this.map.queryRenderedFeatures({ layers: ['camera'] }) : []
    const views = new Map<number, Feature>()
    for (const f of seen.slice(0, 400)) {
      if (f.geometry.type !== 'Point') continue
      const { bearing, view, range, stream } = f.properties
      const [lon, lat] = f.geometry.coordinates
      views.set(idOf(f), {
        type: 'Feature',
        geometry: { type: 'Polygon', coordinates: [sectorRing(lon ?? 0, lat ?? 0, Number(bearing), Number(view), Number(range))] },
        properties: { working: stream === 'up' },
      })
    }
    const shown = [...views.keys()].sort((a, b) => a - b).join()
    if (shown === this.viewsShown) return
    this.viewsShown = shown
    this.source('views')?.setData({ type: 'FeatureCollection', features: [...views.values()] })
  }
  private viewsShown = ''

  /** Draws the ways people went, and where they were at a time. Ways that are others are shown whole. */
  showTracks({ ways, places }: TrackPicture): void {
    if (this.ways !== ways) this.showWays(ways)
    if (this.trackPlaces === places) return
    this.trackPlaces = places
    this.whenLoaded(() => this.source('places')?.setData(placeFeatures(places)))
  }
  private ways: readonly TrackWay[] = []
  private trackPlaces: readonly TrackPlace[] = []

  private showWays(ways: readonly TrackWay[]): void {
    const fresh = this.ways.length === 0
    this.ways = ways
    this.whenLoaded(() => {
      this.source('ways')?.setData(wayFeatures(ways))
      const [west, south, east, north] = this.options.bounds
      const points = ways.flatMap((w) => w.pieces.flat().map(([lon, lat]) => [0, lon, lat]))
      const box = fresh ? boxOf(points, [west, south, east, north]) : undefined
      if (box) this.map.fitBounds(box, { padding: 64, maxZoom: 16, duration: still() ? 0 : 600 })
    })
  }

  /** Marks one place as chosen, or none. */
  select(at: readonly [number, number] | null): void {
    this.whenLoaded(() => {
      this.source('selected')?.setData(at ? { type: 'Feature', geometry: { type: 'Point', coordinates: [...at] }, properties: {} } : empty)
    })
  }

  /** Goes to a place; at once where motion is not wanted. */
  goTo(lon: number, lat: number, zoom = 16): void {
    if (still()) this.map.jumpTo({ center: [lon, lat], zoom })
    else this.map.easeTo({ center: [lon, lat], zoom, duration: 900 })
  }

  /** Shows the whole district. */
  goHome(): void {
    const [west, south, east, north] = this.options.bounds
    this.map.fitBounds([west, south, east, north], { padding: 24, duration: still() ? 0 : 900 })
  }

  resize(): void {
    this.map.resize()
  }

  destroy(): void {
    clearTimeout(this.renewing)
    this.map.remove()
  }
}

/** Lower bounds of up to four steps that split the values about evenly. */
export function cellSteps(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  const steps = [0, 0.5, 0.8, 0.95].map((q) => sorted[Math.floor(q * (sorted.length - 1))] ?? 0)
  return [...new Set(steps)]
}
