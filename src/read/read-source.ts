import type { BeginChunk } from '../batch/chunk-writer.ts';
import { Chunker } from '../batch/chunker.ts';
import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { Host } from '../core/host.ts';
import type { RequestTally } from '../core/request-tally.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { Ledger, NewChunk, PartlyRead, ReadCommit, RunRecord } from '../ledger/ledger.ts';
import type { ItemPlace } from './batch-items.ts';
import type { Dedupe } from './dedupe.ts';
import { ReadProgress, type Taken } from './read-progress.ts';
import type { RecordAdmission } from './record-admission.ts';
import {
  compareItems,
  placeOf,
  renderRows,
  slices,
  transformBatch,
  type RenderedRows,
  type Rendering,
} from './render-rows.ts';
import { sampledSource } from './sample.ts';
import type { RenderBreaker } from './render-breaker.ts';
import type { StalePieces } from './stale-pieces.ts';
import type { UnchangedFilter } from './unchanged.ts';

/** At least so many rows are rendered at a time. */
export const leastSlice = 1000;

/** Failed rows are held until a file is sealed; at this many, one is sealed for their sake. */
const maxFailuresHeld = 5000;
/** The same for rows that follow others: a crash has to read that many again. */
const maxFollowersHeld = 200_000;

/** What decides which rows are sent. */
export interface RowRules {
  readonly admission: RecordAdmission;
  readonly stale: StalePieces;
  readonly unchanged: UnchangedFilter;
  /** Null where each row is sent, whatever the others ask. */
  readonly dedupe: Dedupe | null;
  /** Null where nothing is to hold the run up. */
  readonly breaker?: RenderBreaker | null;
}

/** Where reading goes on, behind what earlier reads of the run have made durable. */
export interface ReadingOn {
  /** The source's cursor to read on after. */
  readonly cursor: string | null;
  /** Records behind the cursor of which some pieces are durable already. */
  readonly partlyRead: readonly PartlyRead[];
  /** How many records are left to read; undefined where there is no limit. */
  readonly limit: number | undefined;
  readonly firstChunk: number;
}

export interface ReadContext {
  readonly ledger: Ledger;
  readonly run: Pick<RunRecord, 'runId' | 'folder' | 'selection'>;
  readonly rendering: Rendering;
  readonly rules: RowRules;
  readonly from: ReadingOn;
  readonly limits: ChunkLimits;
  readonly host: Host;
  /** Sees each request that is packed. */
  readonly tally?: RequestTally | undefined;
  /** How files are begun; where it is left out, on disk. */
  readonly beginChunk?: BeginChunk | undefined;
  /** Told of each sealed file once it is in the ledger; reading waits until it resolves. */
  readonly onSealed: (chunk: NewChunk) => Promise<void>;
}

/**
 * Reads the source to its end: transforms, renders, leaves out what need not be bought again, and packs the rest into
 * sealed files. Each file goes into the ledger with the rows that it accounts for.
 */
export async function readSource(context: ReadContext): Promise<void> {
  const { ledger, run, rules, host } = context;
  const { cursor, partlyRead, firstChunk } = context.from;
  const keyParts = context.rendering.source.keyFields.length;
  const onEdited = (record: PartlyRead): void => warnOfEdit(context, record);
  const progress = new ReadProgress({ cursor, partlyRead, keyParts, onEdited });
  await using chunker = new Chunker(run.folder, context.limits, firstChunk, context.beginChunk);
  let records = 0;
  let requested = 0;
  for await (const batch of read(context)) {
    if (batch.length === 0) continue;
    progress.startBatch(batch);
    requested += await packBatch(context, chunker, progress, batch);
    progress.endBatch();
    await rules.admission.settle();
    if (holdsMany(context, progress)) await sealSettled(context, chunker, progress);
    records += batch.length;
    host.emit({ type: 'RowsRead', records, requested });
  }
  await rules.admission.verdict();
  await rules.stale.finish();
  const chunk = await chunker.seal();
  const commit = await commitOf(context, chunk, progress.takeSettled());
  await ledger.finishReading(run.runId, commit);
  if (chunk !== null) await announce(context, chunk);
  host.emit({ type: 'ReadingFinished', records });
}

function warnOfEdit({ host }: ReadContext, { key, done }: PartlyRead): void {
  const pieces = done === 1 ? 'its first piece is' : `its first ${done} pieces are`;
  host.emit({
    type: 'Warned',
    message: `The row ${key} was edited when ${pieces} in a sealed file already; the others are of the new text. A further run sends what then differs.`,
  });
}

function holdsMany({ rules }: ReadContext, { failuresHeld }: ReadProgress): boolean {
  return failuresHeld >= maxFailuresHeld || (rules.dedupe?.uncommitted ?? 0) >= maxFollowersHeld;
}

/** What makes a stretch of reading durable; the rows that follow others are on disk already. */
async function commitOf({ rules }: ReadContext, chunk: NewChunk | null, taken: Taken): Promise<ReadCommit> {
  return { chunk, ...taken, followers: (await rules.dedupe?.sync()) ?? null };
}

function read({ run, rendering, from, host }: ReadContext): AsyncIterable<RowBatch> {
  const { source, chain } = rendering;
  const { sample, window } = run.selection;
  const { cursor, limit } = from;
  const signal = host.signals.drain;
  return sampledSource(source, sample).read({
    fields: chain.read,
    after: cursor ?? undefined,
    limit,
    window,
    signal,
  });
}

/** Carries a batch through transforms and renderer into files. @returns how many of its items are sent */
async function packBatch(
  context: ReadContext,
  chunker: Chunker,
  progress: ReadProgress,
  batch: RowBatch,
): Promise<number> {
  const { rendering, host } = context;
  const transformed = await transformBatch(rendering, progress, batch, host.signals.drain);
  // A few rows may be very many pieces, which are not all held as requests at once.
  const most = Math.max(batch.length, leastSlice);
  let packed = 0;
  let packedTo: ItemPlace | null = null;
  for (const part of slices(transformed, most)) {
    for (const rendered of renderRows(rendering, part)) {
      packed += await packItems(context, chunker, progress, rendered, packedTo);
      const { rowsEnd } = rendered.items;
      if (rowsEnd > 0) packedTo = placeOf(part.rows, rowsEnd - 1);
    }
  }
  return packed;
}

/** Packs the items that are to be sent. @returns their number */
async function packItems(
  context: ReadContext,
  chunker: Chunker,
  progress: ReadProgress,
  rendered: RenderedRows,
  packedTo: ItemPlace | null,
): Promise<number> {
  const { rows, items, lastRecord } = rendered;
  const { unchanged, stale, dedupe } = context.rules;
  const skip = await unchanged.skips(items);
  const known = await unchanged.knownFailures(items.failures);
  markFates(context.rules, progress, rendered, { skip, known });
  await stale.delete(progress.takeUnsent(lastRecord));
  dedupe?.startBatch(items, skip);
  let packed = 0;
  for (const [from, to] of keptRuns(skip)) {
    packed += to - from;
    await dedupe?.appendUpTo(items, from);
    context.tally?.add(items, from, to);
    for await (const sealed of chunker.add(items, from, to)) {
      const lastRow = items.sourceRows[sealed.lastItem];
      const upTo = lastRow === undefined ? packedTo : placeOf(rows, lastRow);
      const taken = upTo === null ? progress.takeSettled() : progress.takeUpTo(upTo);
      await context.ledger.commitReading(context.run.runId, await commitOf(context, sealed.chunk, taken));
      await announce(context, sealed.chunk);
    }
  }
  await dedupe?.appendUpTo(items, items.length);
  return packed;
}

/** Notes what becomes of each item, in the source's order: of records of one key the first counts, whatever its fate. */
function markFates(
  { admission, breaker }: RowRules,
  progress: ReadProgress,
  { rows, items, failures }: RenderedRows,
  { skip, known }: { readonly skip: Uint8Array; readonly known: ReadonlySet<string> },
): void {
  let failed = 0;
  const failBefore = (place: ItemPlace | null): void => {
    for (let next = failures[failed]; next !== undefined; next = failures[failed]) {
      if (place !== null && compareItems(next, place) >= 0) return;
      const isFirst = admission.admit(next.record, next.sourceKey, next.position);
      if (isFirst && !known.has(next.row.customId)) {
        progress.fail(next);
        breaker?.note(next.row);
      } else progress.mark(next, isFirst ? 'skipped' : 'duplicate');
      failed += 1;
    }
  };
  for (let item = 0; item < items.length; item += 1) {
    const row = items.sourceRows[item] ?? 0;
    const place = placeOf(rows, row);
    failBefore(place);
    const isFirst = admission.admit(place.record, items.keys[item] ?? [], rows.position(row));
    if (!isFirst) skip[item] = 1;
    if (skip[item] !== 1) breaker?.note(null);
    progress.mark(place, isFirst ? (skip[item] === 1 ? 'skipped' : 'requested') : 'duplicate');
  }
  failBefore(null);
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
  await context.ledger.commitReading(
    context.run.runId,
    await commitOf(context, chunk, progress.takeSettled()),
  );
  if (chunk !== null) await announce(context, chunk);
}

async function announce(context: ReadContext, chunk: NewChunk): Promise<void> {
  const { requests, bytes, tokens } = chunk;
  context.host.emit({ type: 'ChunkSealed', chunk: chunk.chunk, requests, bytes, tokens });
  await context.onSealed(chunk);
}
