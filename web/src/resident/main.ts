import { createApp } from 'vue'
import '../ui/base.css'
import '../mobile/mobile.css'
import { chooseTheme, i18n, theme } from '../i18n'
import App from './App.vue'
import { loadConfig } from './config'

chooseTheme(theme('light'))
createApp(App).use(i18n).mount('#app')
void loadConfig()
