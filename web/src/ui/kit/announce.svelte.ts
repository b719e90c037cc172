/**
 * What a screen reader is told besides what it finds: one polite and one assertive line for the whole page. The same
 * sentence within a short time is said once.
 */

/** Within this time the same sentence is not said again. */
const SAME_MS = 3_000;

class Lines {
  polite = $state('');
  assertive = $state('');
  #said = new Map<string, number>();

  say(words: string, how: 'polite' | 'assertive', now: number): void {
    const last = this.#said.get(words);
    if (last !== undefined && now - last < SAME_MS) return;
    for (const [old, at] of this.#said) if (now - at >= SAME_MS) this.#said.delete(old);
    this.#said.set(words, now);
    // A changed text is what is read: the same words again need a difference that is not heard.
    const next = this[how] === words ? `${words}\u00a0` : words;
    this[how] = next;
  }

  /** Nothing of what was said stays in the page after signing out. */
  clear(): void {
    this.polite = '';
    this.assertive = '';
    this.#said.clear();
  }
}

/** The page's lines. */
export const lines = new Lines();

/** Tells screen readers; `assertive` only for what cannot wait. */
export function announce(words: string, how: 'polite' | 'assertive' = 'polite'): void {
  lines.say(words, how, performance.now());
}
