import { parseRow, type ChunkRow } from '../../batch/chunk-rows.ts';
import type { LoadedPipeline } from '../../config/load.ts';
import { keepRows } from '../../core/derived-batch.ts';
import { keyText } from '../../core/key.ts';
import type { RowBatch } from '../../core/row-batch.ts';
import { fromWire, toWire } from '../../core/wire-text.ts';
import type { TrialParts } from '../../job/trial-parts.ts';
import type { FailedRow } from '../../ledger/ledger.ts';
import type { RunSample } from '../../ledger/selection.ts';
import { ReadProgress } from '../../read/read-progress.ts';
import { renderRows, transformBatch } from '../../read/render-rows.ts';
import { sampledSource } from '../../read/sample.ts';

/** A row that became a request. */
export interface TrialRequest {
  /** The text of its key. */
  readonly key: string;
  /** Its request line, without the end. */
  readonly line: Buffer;
  readonly row: ChunkRow;
  readonly requestHash: string;
  /** Estimated tokens of its prompt. */
  readonly tokens: number;
}

/** A row that became none. */
export interface TrialFailure {
  readonly key: string;
  readonly failure: FailedRow;
}

/** What became of some rows on their way to the provider. */
export interface TrialRows {
  /** In the source's order. */
  readonly requests: readonly TrialRequest[];
  readonly failures: readonly TrialFailure[];
  /** How many rows of the source these are. */
  readonly records: number;
  /** The keys of those that no transform let through. */
  readonly filtered: readonly string[];
}

export interface TrialReading {
  readonly parts: TrialParts;
  readonly loaded: LoadedPipeline;
  readonly signal: AbortSignal;
  readonly sample?: RunSample | undefined;
  /** The most rows that are transformed at a time: a module's function may do more than look at them. */
  readonly atOnce: number;
}

/** Takes rows through the transforms and the renderer, as a run does, some at a time. Whoever has enough stops. */
export async function* readTrial(reading: TrialReading): AsyncGenerator<TrialRows> {
  const { parts, signal, sample, atOnce } = reading;
  const { source, chain } = parts;
  const read = sampledSource(source, sample).read({ fields: chain.read, signal });
  for await (const batch of read) {
    for (let from = 0; from < batch.length; from += atOnce) {
      const rows = Array.from({ length: Math.min(atOnce, batch.length - from) }, (_, row) => from + row);
      yield await renderTrial(reading, keepRows(batch, rows));
    }
  }
}

async function renderTrial({ parts, loaded, signal }: TrialReading, batch: RowBatch): Promise<TrialRows> {
  const { source, chain, renderer } = parts;
  const rendering = { source, chain, renderer, keyMode: loaded.pipeline.source.key_mode };
  const keyParts = source.keyFields.length;
  const progress = new ReadProgress({ cursor: null, partlyRead: [], keyParts, onEdited: () => {} });
  progress.startBatch(batch);
  const transformed = await transformBatch(rendering, progress, batch, signal);
  const requests: TrialRequest[] = [];
  const failures: TrialFailure[] = [];
  const records = new Set<number>();
  for (const { rows, items, failures: failed } of renderRows(rendering, transformed)) {
    for (const { row, record } of failed) {
      failures.push({ key: keyOf(row.key), failure: row });
      records.add(record);
    }
    for (let item = 0; item < items.length; item += 1) {
      records.add(rows.record(items.sourceRows[item] ?? 0));
      const row = parseRow(lineAt(items.rows, items.rowEnds, item).toString('utf8'));
      requests.push({
        key: keyOf(row.key),
        line: Buffer.from(lineAt(items.lines, items.lineEnds, item)),
        row,
        requestHash: items.hashes?.[item] ?? '',
        tokens: items.tokens[item] ?? 0,
      });
    }
  }
  return { requests, failures, records: batch.length, filtered: filteredKeys(batch, keyParts, records) };
}

function filteredKeys(batch: RowBatch, parts: number, kept: ReadonlySet<number>): readonly string[] {
  const keys: string[] = [];
  for (let row = 0; row < batch.length; row += 1) {
    if (kept.has(batch.record(row))) continue;
    keys.push(
      keyOf(Array.from({ length: parts }, (_, part) => fromWire(batch.keyPart(row, part) ?? toWire('')))),
    );
  }
  return keys;
}

/** The text of a key by its parts. */
function keyOf(parts: readonly string[]): string {
  return fromWire(keyText(parts.map(toWire)));
}

function lineAt(lines: Buffer, ends: Uint32Array, index: number): Buffer {
  return lines.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0), (ends[index] ?? 1) - 1);
}
