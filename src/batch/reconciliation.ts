import type { ClassifiedResult } from '../core/batch-result.ts';
import type { BytePlace, ChunkRecord } from '../ledger/ledger.ts';
import { chunkFiles } from './chunk-files.ts';
import { ChunkRows, type ChunkRow } from './chunk-rows.ts';

export type FailedResult = Extract<ClassifiedResult, { kind: 'failed' }>;

/**
 * What is known of a row, as the ledger keeps it: a byte each. A held row lacks a result, and may be paid for; it is
 * neither sent again nor given up.
 */
export const rowState = { pending: 0, ok: 1, failed: 2, held: 3 } as const;

/** Of a chunk whose other rows are held: the row goes its way in a later chunk. Never kept. */
const elsewhere = 4;

/** The most characters that are kept of a line which could not be joined. */
const longestExample = 300;

export interface LoadRefusal {
  readonly code: string;
  readonly message: string;
}

/** Where a row of a reconciliation stands. */
export interface RowPlace {
  readonly chunk: ChunkRecord;
  readonly rows: ChunkRows;
  readonly line: number;
}

/** One chunk within a reconciliation. */
export interface ChunkSpan {
  readonly chunk: ChunkRecord;
  readonly rows: ChunkRows;
  /** Index of its first row in the reconciliation. */
  readonly offset: number;
}

/**
 * Holds the custom_ids of a few chunks and decides, from what their result files say and from nothing else, which rows
 * succeeded, which failed and which are missing. The first success of an id wins; a failure counts only while no
 * success is known, whichever of the two files came first.
 */
export class Reconciliation implements Disposable {
  readonly spans: readonly ChunkSpan[];
  readonly states: Uint8Array;
  readonly failures = new Map<number, FailedResult>();
  readonly refusals = new Map<number, LoadRefusal>();
  /** Where the chunk's output file has answers that are not what was asked for, where they are to be asked about. */
  readonly invalidAnswers = new Map<number, BytePlace>();
  /** Results of ids that no row here has. */
  strangers = 0;
  /** Results of rows that had succeeded already. */
  repeats = 0;
  unparsable = 0;
  /** Answers that were cut off and are kept as they are. */
  truncated = 0;
  /** Rows whose answers had to be repaired. */
  repaired = 0;
  readonly #indexes = new Map<string, number>();
  #firstUnjoined: { readonly text: string; readonly path: string } | null = null;

  private constructor(spans: readonly ChunkSpan[], rowCount: number) {
    this.spans = spans;
    this.states = new Uint8Array(rowCount);
    for (const { chunk, rows, offset } of spans) {
      if (chunk.rowStates !== null)
        this.states.set(chunk.state === 'held' ? chunk.rowStates.map(openHeld) : chunk.rowStates, offset);
      for (const [line, customId] of rows.customIds.entries()) this.#indexes.set(customId, offset + line);
    }
  }

  static async open(folder: string, chunks: readonly ChunkRecord[]): Promise<Reconciliation> {
    const spans: ChunkSpan[] = [];
    let offset = 0;
    for (const chunk of chunks) {
      const rows = await ChunkRows.open(chunkFiles(folder, chunk.chunk).rows, chunk.requests);
      spans.push({ chunk, rows, offset });
      offset += chunk.requests;
    }
    return new Reconciliation(spans, offset);
  }

  /** The index of the row with this id; -1, and counted, where there is none. */
  find(customId: string): number {
    const index = this.#indexes.get(customId);
    if (index !== undefined) return index;
    this.strangers += 1;
    return -1;
  }

  has(customId: string): boolean {
    return this.#indexes.has(customId);
  }

  /** Lines that are no result of a row here, whatever they are, and the beginning of the first. */
  get unjoined(): {
    readonly lines: number;
    readonly first: { readonly text: string; readonly path: string } | null;
  } {
    return { lines: this.strangers + this.unparsable, first: this.#firstUnjoined };
  }

  /** Keeps the first line that could not be joined. */
  noteUnjoined(bytes: Buffer, path: string): void {
    // Cut by characters only once it was decoded: one may be four bytes long.
    this.#firstUnjoined ??= {
      text: bytes
        .toString('utf8', 0, longestExample * 4)
        .slice(0, longestExample)
        .toWellFormed(),
      path,
    };
  }

  /** Whether nothing has been said of a row yet, in this reconciliation or an earlier one. */
  isUnheard(index: number): boolean {
    return this.states[index] === rowState.pending && !this.failures.has(index);
  }

  /**
   * Takes in what was said of a row.
   *
   * @returns whether the row has just succeeded and is now to be loaded
   */
  take(index: number, result: ClassifiedResult): boolean {
    const state = this.states[index];
    if (state === rowState.ok || state === elsewhere) this.repeats += 1;
    else if (result.kind === 'failed') this.failures.set(index, result);
    else if (result.kind === 'ok') {
      if (result.answer.isRepaired) this.repaired += 1;
      return this.#succeed(index);
    }
    return false;
  }

  #succeed(index: number): boolean {
    this.states[index] = rowState.ok;
    this.failures.delete(index);
    this.refusals.delete(index);
    return true;
  }

  /** The provider answered and was paid, but the answer could not be loaded. */
  refuse(index: number, refusal: LoadRefusal): void {
    this.states[index] = rowState.failed;
    this.refusals.set(index, refusal);
  }

  /** What could not be loaded now was loaded before. */
  stands(index: number): void {
    this.#succeed(index);
  }

  place(index: number): RowPlace {
    const span = this.spans.findLast((candidate) => candidate.offset <= index);
    if (span === undefined) throw new RangeError(`There is no row ${index}.`);
    return { chunk: span.chunk, rows: span.rows, line: index - span.offset };
  }

  row(index: number): ChunkRow {
    const { rows, line } = this.place(index);
    return rows.row(line);
  }

  [Symbol.dispose](): void {
    for (const { rows } of this.spans) rows[Symbol.dispose]();
  }
}

/** Held rows are read for again; those that are sent again already are no longer this chunk's to decide. */
function openHeld(state: number): number {
  if (state === rowState.held) return rowState.pending;
  return state === rowState.pending ? elsewhere : state;
}

/** A row's state as the ledger keeps it. */
export function storedState(state: number): number {
  return state === elsewhere ? rowState.pending : state;
}
