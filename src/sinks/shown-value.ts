import type { Value } from '../core/value.ts';

/** A value in a message, cut where it is long. */
export function shownValue(value: Value): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
