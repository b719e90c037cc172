/**
 * Lint rules of our own: every word a person sees comes from `i18n/`.
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
      const bare = text.trim();
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

export default { rules: { 'no-literal-text': noLiteralText } };
