import type { Answer } from '../core/batch-result.ts';
import type { Value } from '../core/value.ts';

/** An answered item: everything that the expressions of columns can read. */
export interface ResultItem {
  readonly customId: string;
  /** The parts of the key by name, as text. */
  readonly key: Readonly<Record<string, string>>;
  /** The carried fields by name, as they stand in the rows file. */
  readonly row: Readonly<Record<string, Value>>;
  readonly answer: Answer;
  readonly requestHash: string | null;
  readonly batchId: string | null;
  /** Counts from 1. */
  readonly attempt: number;
  /** When the load began, RFC 3339 in UTC; the same for all rows of a load. */
  readonly now: string;
}
