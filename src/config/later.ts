import type { Path } from './fault.ts';

/** Keys of the format that this version does not carry out yet; a star stands for any key. */
const keys = new Set(['schedule.cron', 'budget.max_cost', 'budget.per_month']);

/** What to say of a key that is not accepted, where it is one that a later version has. */
export function laterKey(path: Path): string | undefined {
  return keys.has(pattern(path)) ? unavailable(path.at(-1)) : undefined;
}

function pattern(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? '*' : String(key))).join('.');
}

function unavailable(word: unknown): string {
  return `\`${String(word)}\` is not available in this version`;
}
