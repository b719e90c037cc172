import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Colours of one theme from its file: those of the block whose selector is `selector`, over the plain ones. */
function tokens(file: string, selector: string): Map<string, string> {
  const css = readFileSync(new URL(file, import.meta.url), 'utf8');
  const found = new Map<string, string>();
  for (const [, head = '', body = ''] of css.matchAll(/([^{}]*\[data-theme[^{}]*)\{([^{}]*)\}/g)) {
    const isMore = head.includes('data-contrast');
    if (isMore && !selector.includes('more')) continue;
    for (const [, name = '', value = ''] of body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g))
      found.set(name, value);
  }
  return found;
}

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Words need 4.5 to 1 on every ground they stand on. */
const WORDS: [string, string[]][] = [
  [
    'text',
    ['surface', 'surface-2', 'surface-3', 'backdrop', 'accent-soft', 'danger-soft', 'warn-soft', 'ok-soft'],
  ],
  ['text-2', ['surface', 'surface-2', 'surface-3', 'backdrop', 'accent-soft', 'danger-soft']],
  ['accent', ['surface', 'surface-2', 'backdrop', 'accent-soft']],
  ['on-accent', ['accent', 'accent-2']],
  ['danger', ['surface', 'surface-2', 'backdrop', 'danger-soft', 'accent-soft']],
  ['warn', ['surface', 'surface-2', 'backdrop', 'warn-soft', 'accent-soft']],
  ['ok', ['surface', 'surface-2', 'backdrop', 'ok-soft', 'accent-soft']],
  ['clinical', ['surface', 'clinical-soft']],
  ...[1, 2, 3, 4, 5, 6].map((hue): [string, string[]] => [`on-hue-${hue}`, [`hue-${hue}`]]),
];

/** Borders of controls, focus rings and marks need 3 to 1. */
const SHAPES: [string, string[]][] = [
  ['control-line', ['surface', 'backdrop']],
  ['accent', ['surface', 'surface-2', 'surface-3', 'backdrop', 'accent-soft']],
  ['mark-green', ['surface', 'backdrop']],
  ['mark-yellow-ring', ['surface', 'backdrop']],
  ['mark-red', ['surface', 'backdrop']],
  ['mark-grey', ['surface', 'backdrop']],
  ['mark-glyph', ['mark-green', 'mark-red']],
  ['mark-glyph-yellow', ['mark-yellow']],
];

const THEMES: [string, string, string][] = [
  ['light', './light.css', 'normal'],
  ['light, more contrast', './light.css', 'more'],
  ['dark', './dark.css', 'normal'],
  ['dark, more contrast', './dark.css', 'more'],
];

test.each(THEMES)('the %s theme can be read', (_name, file, selector) => {
  const colours = tokens(file, selector);
  const weak: string[] = [];
  const check = (pairs: [string, string[]][], least: number): void => {
    for (const [front, grounds] of pairs) {
      for (const ground of grounds) {
        const [a, b] = [colours.get(front), colours.get(ground)];
        if (a === undefined || b === undefined) weak.push(`${front} or ${ground} is missing`);
        else if (contrast(a, b) < least)
          weak.push(`${front} on ${ground}: ${contrast(a, b).toFixed(2)} < ${least}`);
      }
    }
  };
  check(WORDS, 4.5);
  check(SHAPES, 3);
  if (selector === 'more')
    check(
      [
        ['text', ['surface']],
        ['text-2', ['surface']],
        ['accent', ['surface']],
      ],
      7,
    );
  expect(weak).toEqual([]);
});

test('a weak pair would be found', () => {
  expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5);
  expect(contrast('#767676', '#ffffff')).toBeGreaterThan(4.5);
});

test('no component names a colour of its own', () => {
  const here = new URL('../../', import.meta.url);
  const coloured = svelteFiles(here).filter((file) =>
    /(?:#[0-9a-f]{3,8}\b(?![^<]*<\/script>)|rgba?\(|hsla?\()/i.test(styles(file)),
  );
  expect(coloured).toEqual([]);
});

function svelteFiles(folder: URL): string[] {
  return readdirDeep(folder).filter((path) => path.endsWith('.svelte'));
}

function readdirDeep(folder: URL): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
    (path) => new URL(path, folder).pathname,
  );
}

function styles(path: string): string {
  return /<style>([\s\S]*)<\/style>/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
}
