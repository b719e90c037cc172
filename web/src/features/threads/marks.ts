/** Marked-up text as a small tree: only what is on the list, everything else as the words that were typed. */
import { Lexer, type Token, type Tokens } from 'marked';

/** A piece of a line. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'strong' | 'em' | 'del'; inside: Inline[] }
  | { kind: 'link'; to: string; inside: Inline[] };

/** A block. */
export type Block =
  | { kind: 'lines'; inside: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; inside: Block[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] };

/** Deeper than this is shown as it was typed: nesting is a way to make a browser work. */
const DEPTH_MAX = 8;

/** Text without any mark is by far the most frequent, and is not parsed at all. */
const MAYBE_MARKED = /[*_`~>#[\]<\\]|^\s*(?:[-+]|\d+[.)])\s|https?:|\n/m;

/** Understands a message's text. */
export function understand(text: string): Block[] {
  if (!MAYBE_MARKED.test(text)) return [{ kind: 'lines', inside: [{ kind: 'text', text }] }];
  return blocks(new Lexer({ gfm: true, breaks: true }).lex(text), 0);
}

function is<T extends Token>(token: Token, type: T['type']): token is T {
  return token.type === type;
}

function blocks(tokens: readonly Token[], depth: number): Block[] {
  return tokens.flatMap((token): Block[] => {
    if (is<Tokens.Space>(token, 'space')) return [];
    if (depth >= DEPTH_MAX) return [plain(token.raw)];
    if (is<Tokens.Paragraph>(token, 'paragraph'))
      return [{ kind: 'lines', inside: inlines(token.tokens, depth) }];
    if (is<Tokens.Text>(token, 'text')) {
      return [
        token.tokens === undefined
          ? plain(token.text)
          : { kind: 'lines', inside: inlines(token.tokens, depth) },
      ];
    }
    if (is<Tokens.Code>(token, 'code')) return [{ kind: 'code', text: token.text }];
    if (is<Tokens.Blockquote>(token, 'blockquote'))
      return [{ kind: 'quote', inside: blocks(token.tokens, depth + 1) }];
    if (is<Tokens.List>(token, 'list')) {
      return [
        {
          kind: 'list',
          ordered: token.ordered,
          start: typeof token.start === 'number' ? token.start : 1,
          items: token.items.map((item) => blocks(item.tokens, depth + 1)),
        },
      ];
    }
    // Headings, tables, rules, raw markup: as typed.
    return [plain(token.raw)];
  });
}

function plain(raw: string): Block {
  return { kind: 'lines', inside: lines(raw.replace(/\n+$/, '')) };
}

function lines(text: string): Inline[] {
  return text
    .split('\n')
    .flatMap((line, i): Inline[] => [
      ...(i > 0 ? [{ kind: 'break' } as const] : []),
      { kind: 'text', text: line },
    ]);
}

function inlines(tokens: readonly Token[], depth: number): Inline[] {
  return tokens.flatMap((token): Inline[] => {
    if (depth >= DEPTH_MAX) return lines(token.raw);
    if (is<Tokens.Strong>(token, 'strong'))
      return [{ kind: 'strong', inside: inlines(token.tokens, depth + 1) }];
    if (is<Tokens.Em>(token, 'em')) return [{ kind: 'em', inside: inlines(token.tokens, depth + 1) }];
    if (is<Tokens.Del>(token, 'del')) return [{ kind: 'del', inside: inlines(token.tokens, depth + 1) }];
    if (is<Tokens.Codespan>(token, 'codespan')) return [{ kind: 'code', text: token.text }];
    if (is<Tokens.Br>(token, 'br')) return [{ kind: 'break' }];
    if (is<Tokens.Escape>(token, 'escape')) return [{ kind: 'text', text: token.text }];
    if (is<Tokens.Text>(token, 'text')) {
      return token.tokens === undefined ? lines(token.text) : inlines(token.tokens, depth + 1);
    }
    return link(token, depth);
  });
}

/** Only addresses that open a page or a letter; where words hide another address, the address is shown too. */
function link(token: Token, depth: number): Inline[] {
  if (!is<Tokens.Link>(token, 'link')) return lines(token.raw);
  const to = token.href;
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(to)) return lines(token.raw);
  const inside = inlines(token.tokens, depth + 1);
  const said = inside.map((one) => ('text' in one ? one.text : '')).join('');
  const same = said === to || to === `http://${said}` || to === `mailto:${said}`;
  return [{ kind: 'link', to, inside }, ...(same ? [] : [{ kind: 'text', text: ` (${to})` } as const])];
}
