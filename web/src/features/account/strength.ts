/**
 * A rough, honest judgement of a password in the page: length counts most, repetition and sequences count against it.
 * Not known here: the rule that refuses; the worker has the last word.
 */

/** From 0, too short, to 4, excellent. */
export type Strength = 0 | 1 | 2 | 3 | 4;

const COMMON = [
  'password',
  'motdepasse',
  'azerty',
  'qwerty',
  '123456',
  'bonjour',
  'soleil',
  'hopital',
  'relais',
  'abcdef',
];

/** Bits under which each step begins; 50 bits outlast an online guesser, 80 an offline one with slow hashing. */
const STEPS = [34, 50, 66] as const;

/** Judges a password that must have at least `min` characters. */
export function strength(password: string, min: number): Strength {
  const letters = [...password];
  if (letters.length < min) return 0;
  const lower = password.toLocaleLowerCase();
  let counted = 0;
  letters.forEach((letter, i) => {
    const before = letters[i - 1];
    const step = before === undefined ? 9 : letter.charCodeAt(0) - before.charCodeAt(0);
    counted += Math.abs(step) <= 1 ? 0.3 : letters.indexOf(letter) < i ? 0.7 : 1;
  });
  for (const word of COMMON) if (lower.includes(word)) counted -= word.length - 1.5;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) =>
    kind.test(password),
  ).length;
  const bits = Math.max(0, counted) * (3 + kinds * 0.6);
  const reached = STEPS.filter((step) => bits >= step).length;
  return ([1, 2, 3, 4] as const)[reached] ?? 4;
}
