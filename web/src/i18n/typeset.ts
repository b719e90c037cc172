/** French spaces: narrow and unbreakable before ; ! ? and inside « », unbreakable before a colon and a unit. */

/** Sets one sentence. */
export function typeset(text: string): string {
  return text
    .replace(/ ([;!?])/g, '\u202f$1')
    .replace(/ :/g, '\u00a0:')
    .replace(/« /g, '«\u00a0')
    .replace(/ »/g, '\u00a0»')
    .replace(/(\d) (h|min|s|Ko|Mo|Go)\b/g, '$1\u00a0$2');
}

type Setter = (text: string) => string;

/** Applies `set` to every sentence of a catalogue, and to what its functions return. */
export function mapWords<T>(value: T, set: Setter): T {
  return mapped(value, set) as T;
}

function mapped(value: unknown, set: Setter): unknown {
  if (typeof value === 'string') return set(value);
  if (typeof value === 'function') {
    return (...given: unknown[]): unknown => {
      const result: unknown = Reflect.apply(value, undefined, given);
      return typeof result === 'string' ? set(result) : result;
    };
  }
  if (Array.isArray(value)) return value.map((one) => mapped(one, set));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, set)]));
  }
  return value;
}
