// Bundles the console into dist/console, and serves it with hot reload for its development.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The gateway that `npm run dev:console` talks to. */
const gateway = process.env.THROUGHLINE_URL ?? 'http://127.0.0.1:4000';

export default defineConfig({
  root: import.meta.dirname,
  // Relative to the <base> that the gateway writes into the page, so that the console works below any path.
  base: './',
  plugins: [react()],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // Scripts and styles are files of their own: the content security policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    // The editor and the graph are larger than the advice, and loaded with the views that need them.
    chunkSizeWarningLimit: 1_000,
  },
  server: { proxy: { '/graphql': { target: gateway, ws: true } } },
  logLevel: 'warn',
});
