/**
 * How the page is built and how its tests run.
 *
 * The build has two modes: the ordinary one, which goes into the server, and `fake`, which shows every screen
 * with made-up people and without a server (`scripts/shots.mjs`, `npm run dev`).
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Oldest browsers that are supported; below, the interface says so instead of breaking half-way. */
const TARGETS = ['chrome120', 'edge120', 'safari16', 'ios16', 'firefox128'];

/** Debian's browser; nothing here ever downloads one. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Flags of every browser that a script of ours starts: no profile, no network of its own, made-up devices. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
];

/** Packages that tests in the browser meet. */
const PREBUNDLED = [
  'axe-core',
  'bits-ui',
  'marked',
  '@msgpack/msgpack',
  'idb',
  'hpke',
  '@panva/hpke-noble',
  '@serenity-kit/opaque',
  'valibot',
  'fast-check',
];

/** What the service worker keeps: the shell, its chunks, fonts and icons. */
const PRECACHED = /^(?:assets\/.+\.(?:js|css|woff2|svg)|favicon\.svg|manifest\.webmanifest)$/;

/**
 * Writes the list of files to keep into the service worker. File names carry their content's hash, so the list
 * changes whenever anything does, and the browser sees a new worker.
 */
function precache(): Plugin {
  return {
    name: 'relais-precache',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle): void {
        const files = Object.keys(bundle)
          .filter((name) => PRECACHED.test(name))
          .sort();
        const sw = bundle['sw.js'];
        if (sw?.type !== 'chunk') return;
        if (sw.imports.length > 0) this.error('the service worker must not import chunks');
        if (!sw.code.includes('__PRECACHE__')) this.error('the service worker lost its list');
        sw.code = sw.code.replace('__PRECACHE__', JSON.stringify(['/', ...files.map((name) => `/${name}`)]));
      },
    },
  };
}

/** What is loaded by the page's script, and without which it shows nothing. */
const AT_ONCE = /\/src\/i18n\/(?:fr|en)\.ts$/;

/**
 * Names both languages in the document. Which one is wanted is known only to the script, which would ask for it after it
 * has come itself: a round trip more before anything is shown, for eight kilobytes less.
 */
function preloadLanguages(): Plugin {
  return {
    name: 'relais-languages',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
        const wanted = chunks.filter(({ facadeModuleId }) => AT_ONCE.test(facadeModuleId ?? ''));
        const files = new Set(wanted.flatMap((chunk) => [chunk.fileName, ...chunk.imports]));
        return [...files]
          .map((file) => `/${file}`)
          .filter((href) => !html.includes(href))
          .map((href) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: true, href },
            injectTo: 'head',
          }));
      },
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), precache(), preloadLanguages()],
  build: {
    target: TARGETS,
    cssTarget: TARGETS,
    outDir: mode === 'fake' ? 'node_modules/.cache/fake' : 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: mode === 'fake' ? 'dev.html' : 'index.html', sw: 'src/sw/sw.ts' },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  worker: {
    format: 'es',
    // Hints for whoever bundles it next are of no use to a browser.
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/worker-[name]-[hash].js',
        comments: { annotation: false, jsdoc: false, legal: true },
      },
    },
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8470',
      '/dev': 'http://127.0.0.1:8470',
      '/ws': { target: 'ws://127.0.0.1:8470', ws: true },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/*.svelte.test.ts', 'node_modules/**'],
        },
      },
      {
        extends: true,
        // The vectors and golden bytes that hold every implementation lie beside `web/`.
        server: { fs: { allow: ['..'] } },
        // Found one by one while a test runs, they would make the browser load the test anew.
        optimizeDeps: { include: [...PREBUNDLED] },
        test: {
          name: 'browser',
          include: ['src/**/*.browser.test.ts', 'src/**/*.svelte.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_FLAGS } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
}));
