/**
 * The keyboard. Single keys can be turned off (WCAG 2.1.4) and never act while somebody types; what is open on top
 * (a dialog, a menu) has its own keys.
 */

/** What a key asks for. */
export type Wish =
  | 'help'
  | 'search'
  | 'new'
  | 'home'
  | 'settings'
  | 'escape'
  | 'next'
  | 'previous'
  | 'unread'
  | 'reply'
  | 'write'
  | 'close';

/** The part of a keyboard event that is looked at. */
export interface Stroke {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
}

/** Time within which the second key of a sequence must follow. */
const SEQUENCE_MS = 1_200;

const SINGLE: Readonly<Record<string, Wish>> = {
  '?': 'help',
  '/': 'search',
  n: 'new',
  j: 'next',
  k: 'previous',
  u: 'unread',
  r: 'reply',
  c: 'write',
  e: 'close',
};
const AFTER_G: Readonly<Record<string, Wish>> = { h: 'home', s: 'settings' };

/** Understands strokes; remembers a `g` for a moment. */
export class Keys {
  #since: number | null = null;

  /** What this stroke asks for, or null. */
  read(stroke: Stroke, now: number, typing: boolean, singleKeys: boolean): Wish | null {
    if (stroke.isComposing) return null;
    const { key } = stroke;
    if (key === 'Escape') return 'escape';
    if ((stroke.ctrlKey || stroke.metaKey) && !stroke.altKey && key.toLowerCase() === 'k') return 'search';
    if (typing || !singleKeys || stroke.ctrlKey || stroke.metaKey || stroke.altKey) return null;
    const began = this.#since;
    this.#since = null;
    if (began !== null && now - began < SEQUENCE_MS) {
      const wish = AFTER_G[key];
      if (wish !== undefined) return wish;
    }
    if (key === 'g') this.#since = now;
    return SINGLE[key] ?? null;
  }
}

/** Whether somebody is typing there. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches('input:not([type=radio], [type=checkbox], [type=range]), textarea, select'))
  );
}
