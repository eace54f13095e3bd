import type { ColumnPlan } from '../../core/sink.ts';
import type { KeyColumns } from './loaded-keys.ts';

/** Column types whose printing is known. */
export type UsualKind = 'integer' | 'uuid' | 'text';

/** Tells whether a key's part prints as it is written. */
export type KeyTest = (text: string) => boolean;

const texts: Readonly<Record<UsualKind, KeyTest>> = {
  integer: (text) => /^(?:0|-?[1-9]\d*)$/.test(text),
  uuid: (text) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text),
  // A column keeps U+FFFD, but it may stand for something that was replaced.
  text: (text) => !text.includes('\uFFFD') && !text.includes('\0') && text.isWellFormed(),
};

/**
 * Tells whether keys all print as they are written: two of those are never equal unless they are the same text.
 *
 * @param kinds of each part; null where that is another type, of which nothing is known
 * @returns null where the table is to be asked about all keys
 */
export function usualKeys(kinds: readonly (UsualKind | null)[]): ((keys: KeyColumns) => boolean) | null {
  const tests = kinds.flatMap((kind) => (kind === null ? [] : [texts[kind]]));
  if (tests.length < kinds.length) return null;
  return (keys) => tests.every((test, part) => keys[part]?.every(test) === true);
}

/** Whether all keys that a source has of a type are known to print so. */
export function areAllUsual(kinds: readonly (UsualKind | null)[], source: readonly ColumnPlan[]): boolean {
  return kinds.every((kind, part) => {
    if (kind === 'integer') return source[part]?.isWhole === true;
    return kind === 'uuid' ? source[part]?.sqlType === 'uuid' : kind === 'text';
  });
}
