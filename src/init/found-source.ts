import type { Block, Column } from './plan.ts';

/** A source that was reached, and what is known of its rows. */
export interface FoundSource {
  /** Without its key. */
  readonly block: Block;
  /** Names it for a reader. */
  readonly origin: string;
  /** Names what is made of it. */
  readonly shortName: string;
  /** The schema of a table. */
  readonly schema?: string;
  readonly columns: readonly Column[];
  /** What probably names a row; null where nothing does. */
  readonly key: readonly string[] | null;
  /** @throws BatchlineError where these columns cannot name a row */
  requireKey(key: readonly string[]): void;
}
