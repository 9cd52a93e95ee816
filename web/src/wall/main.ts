import { createApp } from 'vue'
import '../ui/base.css'
import { chooseTheme, i18n } from '../i18n'
import { begin } from '../state/page'
import App from './App.vue'
import { scaleFor } from './sizing'

chooseTheme('dark')
const query = new URLSearchParams(location.search)
const size = () => {
  document.documentElement.style.setProperty(
    '--scale',
    String(scaleFor(window.innerHeight, Number(query.get('distance')), Number(query.get('height')))),
  )
}
size()
window.addEventListener('resize', size)
createApp(App).use(i18n).mount('#app')
void begin(['incidents', 'responders'])
