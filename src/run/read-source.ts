import { Chunker, type ChunkLimits } from '../batch/chunker.ts';
import type { EventListener } from '../core/events.ts';
import type { ItemBatch, RenderFailure } from '../core/item-batch.ts';
import { customId, keyText } from '../core/key.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { OpenedSource } from '../core/source.ts';
import type { OpenedTransform, TransformFailure } from '../core/transform.ts';
import { fromWire, type WireText } from '../core/wire-text.ts';
import type { FailedRow, Ledger, NewChunk, ReadCommit } from '../ledger/ledger.ts';
import type { RunSelection } from '../ledger/selection.ts';
import type { Renderer } from '../request/renderer.ts';
import type { Dedupe } from './dedupe.ts';
import type { KeyCheck } from './key-check.ts';
import { ReadProgress, type FailedRecord } from './read-progress.ts';
import { sampledSource } from './sample.ts';
import type { UnchangedFilter } from './unchanged.ts';

/** Failed rows are held until a file is sealed; at this many, one is sealed for their sake. */
const maxFailuresHeld = 5000;
/** The same for rows that follow others: a crash has to read that many again. */
const maxFollowersHeld = 200_000;

export interface ReadContext {
  readonly source: OpenedSource;
  readonly transforms: readonly OpenedTransform[];
  readonly renderer: Renderer;
  readonly fields: readonly string[];
  readonly keyMode: 'auto' | 'hash';
  /** Null where the source itself rules out two rows of one key. */
  readonly keyCheck: KeyCheck | null;
  readonly unchanged: UnchangedFilter;
  /** Null where each row is sent, whatever the others ask. */
  readonly dedupe: Dedupe | null;
  readonly limits: ChunkLimits;
  readonly folder: string;
  readonly ledger: Ledger;
  readonly runId: string;
  readonly firstChunk: number;
  /** The source's cursor to read on after. */
  readonly cursor: string | null;
  readonly limit: number | undefined;
  readonly selection: RunSelection;
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
  const progress = new ReadProgress();
  await using chunker = new Chunker(context.folder, context.limits, context.firstChunk);
  let records = 0;
  let requested = 0;
  for await (const batch of read(context)) {
    if (batch.length === 0) continue;
    progress.startBatch(batch);
    requested += await packItems(context, chunker, progress, renderBatch(context, batch));
    progress.endBatch();
    await context.keyCheck?.settle();
    if (holdsMany(context, progress)) await sealSettled(context, chunker, progress);
    records += batch.length;
    context.emit({ type: 'RowsRead', records, requested });
  }
  await context.keyCheck?.verdict();
  const chunk = await chunker.seal();
  const commit = await commitOf(context, chunk, progress.takeSettled());
  await context.ledger.finishReading(context.runId, commit);
  if (chunk !== null) await announce(context, chunk);
  context.emit({ type: 'ReadingFinished', records });
}

function holdsMany({ dedupe }: ReadContext, { failuresHeld }: ReadProgress): boolean {
  return failuresHeld >= maxFailuresHeld || (dedupe?.uncommitted ?? 0) >= maxFollowersHeld;
}

/** What makes a stretch of reading durable; the rows that follow others are on disk already. */
async function commitOf(
  { dedupe }: ReadContext,
  chunk: NewChunk | null,
  taken: Omit<ReadCommit, 'chunk' | 'followers'>,
): Promise<ReadCommit> {
  return { chunk, ...taken, followers: (await dedupe?.sync()) ?? null };
}

function read(context: ReadContext): AsyncIterable<RowBatch> {
  const { source, fields, limit, selection, signal, cursor } = context;
  const { sample, window } = selection;
  return sampledSource(source, sample).read({ fields, after: cursor ?? undefined, limit, window, signal });
}

interface RenderedBatch {
  /** The rows that reached the renderer. */
  readonly rows: RowBatch;
  readonly items: ItemBatch;
  /** Rows that failed in a transform or in the renderer, in the source's order. */
  readonly failures: readonly UnsentRow[];
}

/** A row that failed before it could be sent. */
interface UnsentRow extends FailedRecord {
  readonly key: WireText;
  readonly position: string;
}

function renderBatch(context: ReadContext, batch: RowBatch): RenderedBatch {
  const failures: UnsentRow[] = [];
  let rows = batch;
  for (const transform of context.transforms) {
    const applied = transform.apply(rows);
    for (const failure of applied.failures) failures.push(untransformed(context, rows, failure));
    rows = applied.batch;
  }
  const items = context.renderer.render(rows);
  for (const failure of items.failures) failures.push(unrendered(rows, failure));
  return { rows, items, failures: failures.sort((a, b) => a.record - b.record) };
}

function untransformed(context: ReadContext, rows: RowBatch, failure: TransformFailure): UnsentRow {
  const parts = context.source.keyFields.map(
    (_, part) => rows.keyPart(failure.row, part) ?? ('' as WireText),
  );
  const key = keyText(parts);
  const { row, code, message } = failure;
  const id = customId(key, context.keyMode);
  return {
    key,
    record: rows.record(row),
    position: rows.position(row),
    row: unsentRow({ customId: id, key: parts.map(fromWire), code, message, requestHash: null }),
  };
}

function unrendered(rows: RowBatch, failure: RenderFailure): UnsentRow {
  const { sourceRow, key, ...rest } = failure;
  return {
    key: keyText(key),
    record: rows.record(sourceRow),
    position: rows.position(sourceRow),
    row: unsentRow({ ...rest, key: key.map(fromWire) }),
  };
}

function unsentRow(row: Pick<FailedRow, 'customId' | 'key' | 'code' | 'message' | 'requestHash'>): FailedRow {
  return { ...row, stage: 'render', attempts: 0, chunk: null, batchId: null, request: null };
}

/** Packs the items that are to be sent. @returns their number */
async function packItems(
  context: ReadContext,
  chunker: Chunker,
  progress: ReadProgress,
  rendered: RenderedBatch,
): Promise<number> {
  const { rows, items } = rendered;
  const skip = await context.unchanged.skips(items);
  const known = await context.unchanged.knownFailures(items.failures);
  markFates(context, progress, rendered, { skip, known });
  const { dedupe } = context;
  dedupe?.startBatch(items, skip);
  let packed = 0;
  for (const [from, to] of keptRuns(skip)) {
    packed += to - from;
    await dedupe?.appendUpTo(items, from);
    for await (const sealed of chunker.add(items, from, to)) {
      const lastRow = items.sourceRows[sealed.lastItem];
      const taken = lastRow === undefined ? progress.takeSettled() : progress.takeUpTo(rows, lastRow);
      await context.ledger.commitReading(context.runId, await commitOf(context, sealed.chunk, taken));
      await announce(context, sealed.chunk);
    }
  }
  await dedupe?.appendUpTo(items, items.length);
  return packed;
}

/** Notes what becomes of each row, in the source's order: of rows of one key the first counts, whatever its fate. */
function markFates(
  { keyCheck }: ReadContext,
  progress: ReadProgress,
  { rows, items, failures }: RenderedBatch,
  { skip, known }: { readonly skip: Uint8Array; readonly known: ReadonlySet<string> },
): void {
  let failed = 0;
  const failUpTo = (record: number): void => {
    for (let next = failures[failed]; next !== undefined && next.record < record; next = failures[failed]) {
      const isFirst = keyCheck?.admit(next.key, next.position) ?? true;
      if (isFirst && !known.has(next.row.customId)) progress.fail(next);
      else progress.mark(next.record, 'skipped');
      failed += 1;
    }
  };
  for (let item = 0; item < items.length; item += 1) {
    const row = items.sourceRows[item] ?? 0;
    const record = rows.record(row);
    failUpTo(record);
    const isFirst = keyCheck?.admit(keyText(items.keys[item] ?? []), rows.position(row)) ?? true;
    if (!isFirst) skip[item] = 1;
    progress.mark(record, skip[item] === 1 ? 'skipped' : 'requested');
  }
  failUpTo(Infinity);
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
  await context.ledger.commitReading(context.runId, await commitOf(context, chunk, progress.takeSettled()));
  if (chunk !== null) await announce(context, chunk);
}

async function announce(context: ReadContext, chunk: NewChunk): Promise<void> {
  const { requests, bytes, tokens } = chunk;
  context.emit({ type: 'ChunkSealed', chunk: chunk.chunk, requests, bytes, tokens });
  await context.onSealed(chunk);
}
