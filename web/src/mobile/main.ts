import { createApp } from 'vue'
import '../ui/base.css'
import './mobile.css'
import { chooseTheme, i18n, theme } from '../i18n'
import App from './App.vue'
import { followSharing } from './locate'
import { begin } from './phone'

chooseTheme(theme('light'))
createApp(App).use(i18n).mount('#app')
void begin().then(followSharing)

// The shell is kept by a worker, so that the page opens without a network.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  void navigator.serviceWorker.register('/mobile-worker.js', { scope: '/m' }).catch(() => {})
}
