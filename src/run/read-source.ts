import { Chunker, type ChunkLimits } from '../batch/chunker.ts';
import type { EventListener } from '../core/events.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import { customId, keyText } from '../core/key.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { OpenedSource } from '../core/source.ts';
import type { OpenedTransform, TransformFailure } from '../core/transform.ts';
import { fromWire, toWire, type WireText } from '../core/wire-text.ts';
import type { FailedRow, Ledger, NewChunk } from '../ledger/ledger.ts';
import type { Renderer } from '../request/renderer.ts';
import type { KeyCheck } from './key-check.ts';
import { ReadProgress } from './read-progress.ts';
import type { UnchangedFilter } from './unchanged.ts';

/** Failed rows are held until a file is sealed; at this many, one is sealed for their sake. */
const maxFailuresHeld = 5000;

export interface ReadContext {
  readonly source: OpenedSource;
  readonly transforms: readonly OpenedTransform[];
  readonly renderer: Renderer;
  readonly fields: readonly string[];
  readonly keyMode: 'auto' | 'hash';
  /** Null where the source itself rules out two rows of one key. */
  readonly keyCheck: KeyCheck | null;
  readonly unchanged: UnchangedFilter;
  readonly limits: ChunkLimits;
  readonly folder: string;
  readonly ledger: Ledger;
  readonly runId: string;
  readonly firstChunk: number;
  /** JSON array of key parts to read on after. */
  readonly cursor: string | null;
  readonly limit: number | undefined;
  readonly signal: AbortSignal;
  readonly emit: EventListener;
  /** Told of each sealed file once it is in the ledger; reading waits until it resolves. */
  readonly onSealed: (chunk: NewChunk) => Promise<void>;
}

/**
 * Reads the source to its end: transforms, renders, leaves out what need not be bought again, and packs the rest into
 * sealed files. Each file goes into the ledger with the rows that it accounts for.
 */
export async function readSource(context: ReadContext): Promise<void> {
  const progress = new ReadProgress(context.source.keyFields.length);
  await using chunker = new Chunker(context.folder, context.limits, context.firstChunk);
  let records = 0;
  let requested = 0;
  for await (const batch of read(context)) {
    if (batch.length === 0) continue;
    progress.startBatch(batch);
    const items = renderBatch(context, batch, progress);
    requested += await packItems(context, chunker, progress, items);
    progress.endBatch();
    await context.keyCheck?.settle();
    if (progress.failuresHeld >= maxFailuresHeld) await sealSettled(context, chunker, progress);
    records += batch.length;
    context.emit({ type: 'RowsRead', records, requested });
  }
  await context.keyCheck?.verdict();
  const chunk = await chunker.seal();
  await context.ledger.finishReading(context.runId, { chunk, ...progress.takeSettled() });
  if (chunk !== null) await announce(context, chunk);
  context.emit({ type: 'ReadingFinished', records });
}

function read(context: ReadContext): AsyncIterable<RowBatch> {
  const { fields, limit, signal, cursor } = context;
  const after = cursor === null ? undefined : (JSON.parse(cursor) as string[]).map(toWire);
  return context.source.read({ fields, after, limit, signal });
}

interface RenderedBatch {
  /** The rows that reached the renderer. */
  readonly rows: RowBatch;
  readonly items: ItemBatch;
}

function renderBatch(context: ReadContext, batch: RowBatch, progress: ReadProgress): RenderedBatch {
  let rows = batch;
  for (const transform of context.transforms) {
    const { batch: next, failures } = transform.apply(rows);
    for (const failure of failures) failTransformed(context, rows, failure, progress);
    rows = next;
  }
  const items = context.renderer.render(rows);
  for (const failure of items.failures) {
    const { sourceRow, customId, key, code, message, requestHash } = failure;
    const row = unsentRow({ customId, key: key.map(fromWire), code, message, requestHash });
    progress.fail({ record: rows.record(sourceRow), row });
    context.keyCheck?.admit(keyText(key), rows.position(sourceRow));
  }
  return { rows, items };
}

function failTransformed(
  context: ReadContext,
  rows: RowBatch,
  failure: TransformFailure,
  progress: ReadProgress,
): void {
  const parts = context.source.keyFields.map(
    (_, part) => rows.keyPart(failure.row, part) ?? ('' as WireText),
  );
  const id = customId(keyText(parts), context.keyMode);
  const { code, message } = failure;
  const row = unsentRow({ customId: id, key: parts.map(fromWire), code, message, requestHash: null });
  progress.fail({ record: rows.record(failure.row), row });
}

function unsentRow(row: Pick<FailedRow, 'customId' | 'key' | 'code' | 'message' | 'requestHash'>): FailedRow {
  return { ...row, stage: 'render', attempts: 0, chunk: null, batchId: null, request: null };
}

/** Packs the items that are to be sent. @returns their number */
async function packItems(
  context: ReadContext,
  chunker: Chunker,
  progress: ReadProgress,
  { rows, items }: RenderedBatch,
): Promise<number> {
  const skip = await context.unchanged.skips(items);
  for (let item = 0; item < items.length; item += 1) {
    const row = items.sourceRows[item] ?? 0;
    const isFirst = context.keyCheck?.admit(keyText(items.keys[item] ?? []), rows.position(row)) ?? true;
    if (!isFirst) skip[item] = 1;
    progress.mark(rows.record(row), skip[item] === 1 ? 'skipped' : 'requested');
  }
  let packed = 0;
  for (const [from, to] of keptRuns(skip)) {
    packed += to - from;
    for await (const sealed of chunker.add(items, from, to)) {
      const lastRow = items.sourceRows[sealed.lastItem];
      const taken = lastRow === undefined ? progress.takeSettled() : progress.takeUpTo(rows, lastRow);
      await context.ledger.commitReading(context.runId, { chunk: sealed.chunk, ...taken });
      await announce(context, sealed.chunk);
    }
  }
  return packed;
}

/** The runs of items that are not skipped, as [from, to). */
function* keptRuns(skip: Uint8Array): Generator<readonly [number, number]> {
  for (let from = skip.indexOf(0); from !== -1;) {
    const found = skip.indexOf(1, from);
    const to = found === -1 ? skip.length : found;
    yield [from, to];
    from = skip.indexOf(0, to);
  }
}

async function sealSettled(context: ReadContext, chunker: Chunker, progress: ReadProgress): Promise<void> {
  const chunk = await chunker.seal();
  await context.ledger.commitReading(context.runId, { chunk, ...progress.takeSettled() });
  if (chunk !== null) await announce(context, chunk);
}

async function announce(context: ReadContext, chunk: NewChunk): Promise<void> {
  const { requests, bytes, tokens } = chunk;
  context.emit({ type: 'ChunkSealed', chunk: chunk.chunk, requests, bytes, tokens });
  await context.onSealed(chunk);
}
