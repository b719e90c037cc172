/**
 * What the linter holds: who may import whom, no markup from strings, no inline styles, no words outside `i18n/`,
 * no clock or randomness in `core/`.
 */
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import { fileURLToPath } from 'node:url';
import ts from 'typescript-eslint';
import house from './scripts/house-rules.mjs';
import svelteConfig from './svelte.config.js';

/** Each folder with what it may import of the others (itself always). */
const LAYERS = {
  wire: [],
  core: ['wire'],
  chain: ['wire', 'core'],
  platform: ['wire'],
  e2ee: ['wire', 'core', 'chain', 'platform'],
  i18n: ['wire', 'e2ee/api'],
  state: ['e2ee/api', 'core', 'wire', 'i18n', 'routes'],
  ui: [],
  features: ['state', 'ui', 'i18n', 'e2ee/api', 'routes'],
};

/** Files that tests and the wiring may combine freely. */
const TESTS = ['**/*.test.ts', 'test/**'];

/** @param {string} layer */
function layer(layer) {
  const allowed = [layer, ...(LAYERS[layer] ?? [])];
  const others = [...Object.keys(LAYERS), 'app', 'App', 'routes', 'sw'].filter(
    (name) => !allowed.some((one) => one === name),
  );
  const partly = allowed.filter((name) => name.includes('/'));
  return {
    files: [`src/${layer}/**/*.ts`, `src/${layer}/**/*.svelte`],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: others.map((name) => ({
            regex: `^(?:\\.\\./)+${name}(?:/(?!${
              partly
                .filter((one) => one.startsWith(`${name}/`))
                .map((one) => `${one.slice(name.length + 1)}(?:\\.ts)?$`)
                .join('|') || '$^'
            }).*)?(?:\\.ts|\\.svelte)?$`,
            message: `${layer}/ does not know ${name}/`,
          })),
        },
      ],
    },
  };
}

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/wire/gen', 'test-results', 'playwright-report'] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
    plugins: { house },
    rules: {
      'house/no-literal-text': 'error',
      'svelte/no-at-html-tags': 'error',
      'house/no-style-attribute': 'error',
      'svelte/no-target-blank': 'error',
      'svelte/button-has-type': 'error',
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/prefer-svelte-reactivity': 'off',
      'max-lines-per-function': 'off',
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/e2ee/**/*.ts', 'src/wire/**/*.ts', 'src/chain/**/*.ts'],
    extends: [...ts.configs.strictTypeCheckedOnly],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: fileURLToPath(new URL('.', import.meta.url)) },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A `Failure` is a plain value that crosses `postMessage`; it is thrown as it is.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    files: ['src/core/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-globals': [
        'error',
        'window',
        'document',
        'navigator',
        'localStorage',
        'indexedDB',
        'fetch',
        'setTimeout',
        'crypto',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'time comes in as an argument' },
        { object: 'Math', property: 'random', message: 'randomness comes in as an argument' },
      ],
    },
  },
  {
    // Every sentence is a string; the catalogues' shape is checked as a whole.
    files: ['src/i18n/fr.ts', 'src/i18n/en.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  ...Object.keys(LAYERS).map(layer),
  {
    files: [...TESTS, 'e2e/**', 'scripts/**', '*.config.ts', '*.config.js'],
    languageOptions: { globals: { ...globals.node } },
    rules: {
      'no-console': 'off',
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      'house/no-literal-text': 'off',
    },
  },
);
