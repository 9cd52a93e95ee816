// The map's colours for both themes: what lies on the ground stays quiet so that
// what happens on it can be seen.
export interface Palette {
  country: string
  built: string
  green: string
  water: string
  building: string
  minor: string
  major: string
  trunk: string
  casing: string
  rail: string
  border: string
  label: string
  halo: string
  accent: string
  critical: string
  mark: string
  markEdge: string
  cell: [string, string, string, string]
}

export const dark: Palette = {
  country: '#181d22',
  built: '#1e242a',
  green: '#1a2622',
  water: '#1a2c38',
  building: '#272e36',
  minor: '#2d353e',
  major: '#3b4650',
  trunk: '#4a5661',
  casing: '#14181c',
  rail: '#3a4048',
  border: '#6d7b88',
  label: '#aeb9c3',
  halo: '#14181c',
  accent: '#57c2b1',
  critical: '#ff6259',
  mark: '#e8ecef',
  markEdge: '#12161b',
  cell: ['#2b4743', '#35655e', '#43887d', '#57b5a6'],
}

export const light: Palette = {
  country: '#eef0ec',
  built: '#e7e8e6',
  green: '#d9e6d5',
  water: '#c3d9e4',
  building: '#d9dad8',
  minor: '#ffffff',
  major: '#ffffff',
  trunk: '#f7f3e6',
  casing: '#c6cbce',
  rail: '#b9bec2',
  border: '#7f8b95',
  label: '#46525d',
  halo: '#ffffff',
  accent: '#0b7567',
  critical: '#b8231b',
  mark: '#16202a',
  markEdge: '#ffffff',
  cell: ['#cfe3df', '#a5cdc6', '#74b3a9', '#43958a'],
}
