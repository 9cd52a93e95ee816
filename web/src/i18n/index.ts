// Texts in both languages, from the message files; the choice is kept on the device.
import { createI18n } from 'vue-i18n'
import { setLanguage } from '../api/client'
import { en } from './en'
import { zh } from './zh'

export type Language = 'zh' | 'en'

const key = 'yiping.language'

function stored(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(key)
  return asked === 'en' ? 'en' : 'zh'
}

export const i18n = createI18n({ legacy: false, locale: stored(), fallbackLocale: 'zh', messages: { zh, en } })

export function language(): Language {
  return i18n.global.locale.value === 'en' ? 'en' : 'zh'
}

export function chooseLanguage(next: Language): void {
  i18n.global.locale.value = next
  localStorage.setItem(key, next)
  apply(next)
}

function apply(next: Language): void {
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
  setLanguage(next === 'zh' ? 'zh-CN' : 'en')
}

apply(stored())

const themeKey = 'yiping.theme'
export type Theme = 'dark' | 'light'

export function theme(otherwise: Theme): Theme {
  const kept = localStorage.getItem(themeKey)
  return kept === 'dark' || kept === 'light' ? kept : otherwise
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem(themeKey, next)
  document.documentElement.dataset.theme = next
}
