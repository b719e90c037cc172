/** What a form looks at before anything is sent. The server decides. */

/** Enough to catch a forgotten part of an address; no more is judged here. */
export function looksLikeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim());
}

/** The digits of something pasted: spaces, dashes and words around them do not matter. */
export function digits(text: string, count: number): string {
  const all = text.normalize('NFKC').replace(/\D/g, '');
  return all.slice(0, count);
}
