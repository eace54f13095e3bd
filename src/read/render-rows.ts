import type { RenderFailure } from '../core/item-batch.ts';
import { customId, keyText } from '../core/key.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { OpenedSource } from '../core/source.ts';
import type { TransformFailure } from '../core/transform.ts';
import { fromWire, type WireText } from '../core/wire-text.ts';
import type { TransformChain } from '../job/transform-chain.ts';
import type { FailedRow } from '../ledger/ledger.ts';
import type { RenderedItems, Renderer } from '../request/renderer.ts';
import { keepRows } from '../core/derived-batch.ts';
import type { FailedItem, ItemPlace } from './batch-items.ts';
import { sourceKey, type ReadProgress } from './read-progress.ts';

/** What makes items of rows. */
export interface Rendering {
  readonly source: OpenedSource;
  readonly chain: Pick<TransformChain, 'read' | 'transforms'>;
  readonly renderer: Renderer;
  readonly keyMode: 'auto' | 'hash';
}

/** An item that failed before it could be sent. */
export interface UnsentItem extends FailedItem {
  readonly sourceKey: readonly WireText[];
  readonly position: string;
}

/** Rows on their way to the renderer, with those that failed before. */
export interface TransformedRows {
  readonly rows: RowBatch;
  /** In the source's order. */
  readonly failures: readonly UnsentItem[];
  /** The fate of every item up to and with this record is then known; Infinity behind the batch. */
  readonly lastRecord: number;
}

export interface RenderedRows extends TransformedRows {
  readonly items: RenderedItems;
}

/** Applies the transforms to a batch as the source yielded it. */
export async function transformBatch(
  rendering: Rendering,
  progress: ReadProgress,
  batch: RowBatch,
  signal: AbortSignal,
): Promise<TransformedRows> {
  const failures: UnsentItem[] = [];
  let rows = batch;
  let keyParts = rendering.source.keyFields.length;
  for (const transform of rendering.chain.transforms) {
    const applied = await transform.apply(rows, signal);
    for (const failure of applied.failures) failures.push(untransformed(rendering, rows, failure, keyParts));
    rows =
      applied.pieces === undefined
        ? applied.batch
        : leftPieces(progress, without(rows, applied.failures), applied.batch, applied.pieces);
    keyParts += applied.pieces === undefined ? 0 : 1;
  }
  return { rows, failures: failures.sort(compareItems), lastRecord: Infinity };
}

function without(rows: RowBatch, failures: readonly TransformFailure[]): RowBatch {
  if (failures.length === 0) return rows;
  const failed = new Set(failures.map(({ row }) => row));
  return keepRows(
    rows,
    Array.from({ length: rows.length }, (_, row) => row).filter((row) => !failed.has(row)),
  );
}

/** The pieces that no earlier read of the run has sealed. */
function leftPieces(progress: ReadProgress, rows: RowBatch, pieces: RowBatch, counts: Uint32Array): RowBatch {
  const isLeft = progress.split(rows, counts);
  if (isLeft === null) return pieces;
  const left = Array.from({ length: pieces.length }, (_, row) => row).filter((row) =>
    isLeft(placeOf(pieces, row)),
  );
  return keepRows(pieces, left);
}

/** The rows in order, at most so many at a time, each slice with the failures before its end; at least one slice. */
export function* slices({ rows, failures }: TransformedRows, most: number): Generator<TransformedRows> {
  if (rows.length <= most) {
    yield { rows, failures, lastRecord: Infinity };
    return;
  }
  const fates = new FailuresInOrder(rows, failures);
  for (let from = 0; from < rows.length; from += most) {
    const to = Math.min(from + most, rows.length);
    const slice = Array.from({ length: to - from }, (_, index) => from + index);
    yield { rows: keepRows(rows, slice), ...fates.upTo(to, Infinity) };
  }
}

/** The failures among some rows, taken in the order of these. */
class FailuresInOrder {
  readonly #rows: RowBatch;
  readonly #failures: readonly UnsentItem[];
  #taken = 0;

  constructor(rows: RowBatch, failures: readonly UnsentItem[]) {
    this.#rows = rows;
    this.#failures = failures;
  }

  /**
   * Those before a row that were not taken yet.
   *
   * @param lastRecord of all rows
   */
  upTo(end: number, lastRecord: number): Omit<TransformedRows, 'rows'> {
    const last = end === this.#rows.length ? null : placeOf(this.#rows, end - 1);
    const left = this.#failures.slice(this.#taken);
    const found = last === null ? -1 : left.findIndex((item) => compareItems(item, last) > 0);
    const failures = found === -1 ? left : left.slice(0, found);
    this.#taken += failures.length;
    return { failures, lastRecord: last?.record ?? lastRecord };
  }
}

/** The items of the rows, at least once; of some of the rows at a time where they are large. */
export function* renderRows(
  rendering: Rendering,
  { rows, failures, lastRecord }: TransformedRows,
): Generator<RenderedRows> {
  const fates = new FailuresInOrder(rows, failures);
  for (const items of rendering.renderer.render(rows)) {
    const unsent = items.failures.map((failure) => unrendered(rendering, rows, failure));
    const before = fates.upTo(items.rowsEnd, lastRecord);
    yield { ...before, rows, items, failures: [...before.failures, ...unsent].sort(compareItems) };
  }
}

export function placeOf(rows: RowBatch, row: number): ItemPlace {
  return { record: rows.record(row), piece: rows.piece(row) };
}

export function compareItems(a: ItemPlace, b: ItemPlace): number {
  return a.record - b.record || a.piece - b.piece;
}

function untransformed(
  { source, keyMode }: Rendering,
  rows: RowBatch,
  { row, code, message }: TransformFailure,
  keyParts: number,
): UnsentItem {
  const key = sourceKey(rows, row, keyParts);
  const id = customId(keyText(key), keyMode);
  return {
    ...placeOf(rows, row),
    sourceKey: key.slice(0, source.keyFields.length),
    position: rows.position(row),
    row: unsentRow({ customId: id, key: key.map(fromWire), code, message, requestHash: null }),
  };
}

function unrendered({ source }: Rendering, rows: RowBatch, failure: RenderFailure): UnsentItem {
  const { sourceRow, key, ...rest } = failure;
  return {
    ...placeOf(rows, sourceRow),
    sourceKey: key.slice(0, source.keyFields.length),
    position: rows.position(sourceRow),
    row: unsentRow({ ...rest, key: key.map(fromWire) }),
  };
}

function unsentRow(row: Pick<FailedRow, 'customId' | 'key' | 'code' | 'message' | 'requestHash'>): FailedRow {
  return { ...row, stage: 'render', attempts: 0, chunk: null, batchId: null, request: null };
}
