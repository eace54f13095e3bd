import type { RemoteBatch } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import type { OpenedProvider } from '../../core/provider.ts';
import { providerRetry, retry } from '../../core/retry.ts';
import { longestRow } from '../../core/longest-row.ts';
import { readResult } from '../../batch/read-result.ts';
import { lineBlocks } from '../../files/line-reader.ts';
import type { ResultColumns } from '../../job/result-columns.ts';
import type { Stranger } from './strangers.ts';
import type { WantedRows } from './wanted-rows.ts';

/** So many requests are looked for answers of before the rest of an input is read. */
const firstMatches = 1000;

export interface NeedContext {
  readonly provider: OpenedProvider;
  readonly results: ResultColumns;
  readonly wanted: WantedRows;
  readonly host: Host;
}

/**
 * Whether a batch holds what a run would pay for otherwise: a usable answer to the very request that it would send. One
 * that is under way counts with its requests alone. Files are read as far as that takes; one that is gone holds nothing.
 */
export async function isNeeded(context: NeedContext, { batch, isNameless }: Stranger): Promise<boolean> {
  const mayGrow = batch.results.length === 0 && batch.endedAt === null && isNameless;
  const parts = batch.results.filter(({ holds }) => holds !== 'errors');
  if (parts.length === 0 && !mayGrow) return false;
  for (const most of [firstMatches, Infinity]) {
    const matches = await matchesOf(context, batch, most);
    if (matches.size === 0) return false;
    if (mayGrow) return true;
    for (const { id } of parts) if (await answersAny(context, batch, id, matches)) return true;
    if (matches.size < most) return false;
  }
  return false;
}

/** The custom_ids of a batch's requests that a run would send now, at most so many. */
async function matchesOf(
  { wanted, provider, host }: NeedContext,
  { id, input }: RemoteBatch,
  most: number,
): Promise<ReadonlySet<string>> {
  if (input === null) return new Set();
  return unlessGone(host, async () => {
    const matches = new Set<string>();
    // No line of ours is longer; others' batches may hold any.
    const content = provider.batches.read(id, input, host.signals.drain);
    for await (const { buffer, count, starts, ends } of lineBlocks(content, longestRow)) {
      for (let line = 0; line < count; line += 1) {
        const match = matchOf(wanted, buffer.subarray(starts[line] ?? 0, ends[line] ?? 0));
        if (match !== null) matches.add(match);
      }
      if (matches.size >= most) break;
    }
    return matches;
  }).then((matches) => matches ?? new Set());
}

/** A line that is no request of this pipeline is not one that it would send. */
function matchOf(wanted: WantedRows, line: Buffer): string | null {
  try {
    return wanted.match(line);
  } catch {
    return null;
  }
}

async function answersAny(
  { provider, results, host }: NeedContext,
  batch: RemoteBatch,
  part: string,
  matches: ReadonlySet<string>,
): Promise<boolean> {
  const found = await unlessGone(host, async () => {
    const content = provider.batches.read(batch.id, part, host.signals.drain);
    for await (const block of lineBlocks(content, longestRow)) {
      for (let line = 0; line < block.count; line += 1) {
        const result = readResult(results.reader, block, line);
        if (result.kind === 'ok' && matches.has(result.customId)) return true;
      }
    }
    return false;
  });
  return found ?? false;
}

/** What is read of a provider's file; null where the provider no longer has it. */
async function unlessGone<T>({ signals }: Host, read: () => Promise<T>): Promise<T | null> {
  try {
    return await retry({ ...providerRetry, attempts: 5, signal: signals.drain }, read);
  } catch (error) {
    if (errorCode(error) === 'file_not_found') return null;
    throw error;
  }
}
