/**
 * Lint rules of our own: every word a person sees comes from `i18n/`, and no style stands in markup.
 */

/** Letters of any script; digits, punctuation and symbols are no language. */
const LETTERS = /\p{L}/u;

/** Attributes whose value is read or shown to people. */
const SPOKEN = new Set([
  'alt',
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'label',
  'placeholder',
  'title',
]);

/** The product's name is the same in every language. */
const NAMES = new Set(['Relais']);

const noLiteralText = {
  meta: { type: 'problem', schema: [], messages: { text: 'Words belong into i18n/: {{ text }}' } },
  create(context) {
    const check = (node, text) => {
      const bare = text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
      if (LETTERS.test(bare) && !NAMES.has(bare))
        context.report({ node, messageId: 'text', data: { text: bare } });
    };
    return {
      SvelteText(node) {
        const { parent } = node;
        if (parent?.type === 'SvelteStyleElement' || parent?.type === 'SvelteScriptElement') return;
        check(node, node.value);
      },
      SvelteAttribute(node) {
        if (!SPOKEN.has(node.key.name)) return;
        for (const part of node.value) if (part.type === 'SvelteLiteral') check(part, part.value);
      },
    };
  },
};

/** The browser's policy drops `style="…"` that comes out of markup; `style:width={…}` is set by script and works. */
const noStyleAttribute = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { style: 'a style attribute is blocked by the policy: use a class or style:…' },
  },
  create(context) {
    return {
      SvelteAttribute(node) {
        if (node.key.name === 'style') context.report({ node, messageId: 'style' });
      },
    };
  },
};

export default { rules: { 'no-literal-text': noLiteralText, 'no-style-attribute': noStyleAttribute } };
