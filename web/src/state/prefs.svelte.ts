/**
 * What the person chose for this device: language, theme, contrast, density, shortcuts. Nothing about anybody is in
 * it, so it may be kept in the browser in clear.
 */
import type { Locale } from '../e2ee/api';

export const THEMES = ['system', 'light', 'dark'] as const;
export const CONTRASTS = ['system', 'normal', 'more'] as const;
export const DENSITIES = ['auto', 'compact', 'standard', 'touch'] as const;
export type Theme = (typeof THEMES)[number];
export type Contrast = (typeof CONTRASTS)[number];
export type Density = (typeof DENSITIES)[number];

/** Keeps a text over visits. Each call may fail where the browser refuses storage. */
export interface Keep {
  read(): string | null;
  write(text: string): void;
}

/** What the device itself says. */
export interface Device {
  dark: boolean;
  moreContrast: boolean;
  coarse: boolean;
}

interface Kept {
  locale: Locale | null;
  theme: Theme;
  contrast: Contrast;
  density: Density;
  singleKeys: boolean;
}

const one = <T extends string>(among: readonly T[], value: unknown, otherwise: T): T =>
  among.find((candidate) => candidate === value) ?? otherwise;

/** Reads what was kept; anything unexpected becomes the default. */
export function parseKept(text: string | null): Kept {
  let raw: unknown = null;
  try {
    raw = text === null ? null : JSON.parse(text);
  } catch {
    raw = null;
  }
  const get = (key: string): unknown =>
    typeof raw === 'object' && raw !== null ? Reflect.get(raw, key) : undefined;
  const language = get('locale');
  return {
    locale: language === 'fr' || language === 'en' ? language : null,
    theme: one(THEMES, get('theme'), 'system'),
    contrast: one(CONTRASTS, get('contrast'), 'system'),
    density: one(DENSITIES, get('density'), 'auto'),
    singleKeys: get('singleKeys') !== false,
  };
}

/** The choices, live. */
export class Prefs {
  #kept = $state.raw<Kept>(parseKept(null));
  /** False where the browser refuses to keep them. */
  durable = $state(true);
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
    try {
      this.#kept = parseKept(keep.read());
    } catch {
      this.durable = false;
    }
  }

  get locale(): Locale | null {
    return this.#kept.locale;
  }
  get theme(): Theme {
    return this.#kept.theme;
  }
  get contrast(): Contrast {
    return this.#kept.contrast;
  }
  get density(): Density {
    return this.#kept.density;
  }
  get singleKeys(): boolean {
    return this.#kept.singleKeys;
  }

  /** Changes some of them and keeps them. */
  set(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    try {
      this.#keep.write(JSON.stringify(this.#kept));
      this.durable = true;
    } catch {
      this.durable = false;
    }
  }

  /** What the document is to look like on this device. */
  look(device: Device): {
    theme: 'light' | 'dark';
    contrast: 'normal' | 'more';
    density: 'compact' | 'standard' | 'touch';
  } {
    const { theme, contrast, density } = this.#kept;
    return {
      theme: theme === 'system' ? (device.dark ? 'dark' : 'light') : theme,
      contrast: contrast === 'system' ? (device.moreContrast ? 'more' : 'normal') : contrast,
      density: density === 'auto' ? (device.coarse ? 'touch' : 'standard') : density,
    };
  }
}
