/** Plural forms by the rules of a language. */

/** Forms of one sentence. `zero` is used for nought where it is given, whatever the language's rule says. */
export interface Forms {
  zero?: string;
  one: string;
  other: string;
}

/** Chooses a form for a count. */
export function plural(locale: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  return (count, forms) => {
    if (count === 0 && forms.zero !== undefined) return forms.zero;
    return rules.select(count) === 'one' ? forms.one : forms.other;
  };
}
