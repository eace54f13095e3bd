import type { Path } from './fault.ts';

/** Keys of the format that this version does not carry out yet; a star stands for any key. */
const keys = new Set(['auto', 'budget', 'prices', 'schedule', 'batch.pilot']);

/** Values of the format that this version does not carry out yet. */
const values: Readonly<Record<string, readonly string[]>> = {
  mode: ['auto'],
  'standard.tier': ['2h', '8h'],
};

/** What to say of a key that is not accepted, where it is one that a later version has. */
export function laterKey(path: Path): string | undefined {
  return keys.has(pattern(path)) ? unavailable(path.at(-1)) : undefined;
}

/** The same for a value that is not accepted. */
export function laterValue(path: Path, value: unknown): string | undefined {
  const known = values[pattern(path)]?.includes(String(value)) ?? false;
  return known ? unavailable(value) : undefined;
}

function pattern(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? '*' : String(key))).join('.');
}

function unavailable(word: unknown): string {
  return `\`${String(word)}\` is not available in this version`;
}
