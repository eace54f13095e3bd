import type { HeaderOption } from './header.ts';

export interface DelimiterLineOptions {
  /** As configured; null: to be guessed. */
  readonly delimiter: string | null;
  readonly header: HeaderOption;
  readonly key: readonly string[];
}

/**
 * The delimiter that a file names in its first line, `sep=;`, as Excel reads and writes it. Null where there is no such
 * line, or where it may as well be a record.
 */
export function delimiterLine(
  sample: string,
  { delimiter, header, key }: DelimiterLineOptions,
): string | null {
  const [first = '', second = ''] = sample.split(/\r\n|\n|\r/, 2);
  const named = /^("?)sep=(.)\1$/iu.exec(first)?.[2];
  if (named === undefined) return null;
  if (header === true) return key.includes(first) ? null : named;
  // Without a header it may be a record where it has as many fields as the next one.
  const asRecord = first.split(delimiter ?? named).length;
  return asRecord === second.split(named).length ? null : named;
}
