import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// Four pages, so that a phone never loads what only the console needs. Nothing
// is inlined: the server's content policy forbids it.
export default defineConfig({
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: { console: 'console.html', wall: 'wall.html', mobile: 'mobile.html', resident: 'resident.html' } },
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true } } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})
