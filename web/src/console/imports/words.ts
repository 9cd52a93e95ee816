// Words for what an import did, shared by the list and the preview.
import { i18n } from '../../i18n'

interface Counts {
  created: number
  changed: number
  unchanged: number
  retired: number
  refused: number
}

const kinds = ['created', 'changed', 'unchanged', 'retired', 'refused'] as const

/** 新增 3 · 更新 1 · 未采用 2; what is nought is left out. */
export function countWords(c: Counts): string {
  const said = kinds.filter((k) => c[k] > 0).map((k) => i18n.global.t(`imports.count.${k}`, { n: i18n.global.n(c[k]) }))
  return said.length ? said.join(' · ') : i18n.global.t('imports.count.nothing')
}
