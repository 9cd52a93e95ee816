import { createApp } from 'vue'
import '../ui/base.css'
import { chooseTheme, i18n, theme } from '../i18n'
import { begin } from '../state/page'
import App from './App.vue'

chooseTheme(theme('dark'))
createApp(App).use(i18n).mount('#app')
void begin(['incidents', 'responders', 'cameras'], true)
