import type { WireText } from './wire-text.ts';

/**
 * Rendered requests on their way into batch files: the lines of one batch of rows, back to back in one buffer, so
 * that many are appended to a file with one write. Arrays have one entry an item, in the order of the lines.
 */
export interface ItemBatch {
  readonly length: number;
  /** Request lines, each ending in a line feed. */
  readonly lines: Buffer;
  /** Where each request line ends in `lines`, in bytes; the first begins at 0. */
  readonly lineEnds: Uint32Array;
  /** Lines of the rows file: `["custom_id"]` or `["custom_id",["key"],{carried},"request_hash"]`, each ending in a line feed. */
  readonly rows: Buffer;
  readonly rowEnds: Uint32Array;
  readonly customIds: readonly string[];
  /** The parts of each item's key. */
  readonly keys: readonly (readonly WireText[])[];
  /** Hex SHA-256 of each request (contract section 3), where hashes were asked for. */
  readonly hashes: readonly string[] | null;
  /** Estimated prompt tokens of each request. */
  readonly tokens: Uint32Array;
  /** The row of the source batch that each item came from. */
  readonly sourceRows: Uint32Array;
  /** Rows that could not become a request. They count as requested and failed, and are never sent. */
  readonly failures: readonly RenderFailure[];
}

export interface RenderFailure {
  readonly sourceRow: number;
  readonly customId: string;
  readonly key: readonly WireText[];
  readonly code: string;
  readonly message: string;
  readonly requestHash: string | null;
}
