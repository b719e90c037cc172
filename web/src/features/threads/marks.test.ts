import { expect, test } from 'vitest';
import { understand, type Block, type Inline } from './marks';

const flat = (blocks: readonly Block[]): string =>
  blocks
    .map((block): string => {
      if (block.kind === 'lines') return line(block.inside);
      if (block.kind === 'code') return block.text;
      if (block.kind === 'quote') return flat(block.inside);
      return block.items.map(flat).join('\n');
    })
    .join('\n');
const line = (inside: readonly Inline[]): string =>
  inside.map((one) => ('text' in one ? one.text : 'inside' in one ? line(one.inside) : '\n')).join('');

test('emphasis, lists, quotes and code are understood', () => {
  expect(understand('**3 cm** sur 2')).toEqual([
    {
      kind: 'lines',
      inside: [
        { kind: 'strong', inside: [{ kind: 'text', text: '3 cm' }] },
        { kind: 'text', text: ' sur 2' },
      ],
    },
  ]);
  expect(understand('- a\n- b')[0]).toMatchObject({ kind: 'list', ordered: false });
  expect(understand('> a')[0]).toMatchObject({ kind: 'quote' });
  expect(understand('```\na < b\n```')[0]).toEqual({ kind: 'code', text: 'a < b' });
});

test('raw markup and pictures from elsewhere stay the words that were typed', () => {
  const evil = '<img src=x onerror=alert(1)> ![a](https://elsewhere.example/a.png)';
  expect(flat(understand(evil))).toContain('<img src=x onerror=alert(1)>');
  expect(JSON.stringify(understand(evil))).not.toContain('"kind":"link"');
});

test('a link opens pages and letters only, and shows where it leads', () => {
  expect(JSON.stringify(understand('[a](javascript:alert(1))'))).not.toContain('"kind":"link"');
  expect(flat(understand('[hôpital](https://elsewhere.example/a)'))).toBe(
    'hôpital (https://elsewhere.example/a)',
  );
  expect(flat(understand('https://relais.example/a'))).toBe('https://relais.example/a');
});

test('comparisons and lone signs in clinical text survive', () => {
  for (const text of ['TA < 90 et FC > 120', 'PaO2/FiO2 ~ 200', '5 * 3 mg', 'K+ 6,1 [critique]', 'a_b_c']) {
    expect(flat(understand(text))).toBe(text);
  }
});

test('endless nesting ends', () => {
  const deep = '> '.repeat(500) + 'a';
  expect(flat(understand(deep))).toContain('a');
});
