import { mergeIterables } from '../../core/merge-iterables.ts';
import { toWire, type WireText } from '../../core/wire-text.ts';
import type { Database } from '../../pg/connect.ts';
import type { CopyTextBatch } from '../../pg/copy-text-batch.ts';
import { databaseError } from '../../pg/database-error.ts';
import { chooseBounds, type Key } from './bounds.ts';
import { readRows, rejectNullKeys, type ReadPlan } from './read.ts';
import { isAfter, isUpTo } from './select.ts';
import { Session } from './session.ts';

/** How far a table was read, range by range; as JSON the read's cursor. */
interface Progress {
  /** The last key of each range but the last, which has no end. */
  readonly bounds: readonly Key[];
  /** The cursor of each range; null where nothing of it was read. */
  readonly after: readonly (string | null)[];
}

interface PartitionedRead {
  /** As in ReadOptions. */
  readonly after?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads a table in several ranges of its key at the same time, each page by page on a connection of its own. Rows come
 * as they come; those of one range in the key's order. Where the ranges end is decided once and is part of the cursor.
 */
export async function* readPartitions(
  database: Database,
  plan: ReadPlan,
  partitions: number,
  { after, signal }: PartitionedRead,
): AsyncGenerator<CopyTextBatch> {
  const begun = await begin(database, plan, partitions, { after, signal });
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const reads = begun.after.map((cursor, range) =>
    readRows(database, planOf(plan, begun, range), { after: cursor ?? undefined, signal: stopped }),
  );
  let progress = begun;
  let firstRecord = 1;
  for await (const { from, value: batch } of mergeIterables(reads, () => stop.abort())) {
    const before = progress;
    yield batch.placed({ firstRecord, cursorOf: (key) => JSON.stringify(upTo(before, from, key)) });
    firstRecord += batch.length;
    progress = upTo(before, from, batch.cursor(batch.length - 1));
  }
}

function upTo({ bounds, after }: Progress, range: number, cursor: string | null): Progress {
  return { bounds, after: after.with(range, cursor) };
}

/** Where a read begins: where its cursor says, or at the beginning of ranges of about the same number of rows. */
async function begin(
  database: Database,
  plan: ReadPlan,
  partitions: number,
  { after, signal }: PartitionedRead,
): Promise<Progress> {
  try {
    await using session = await Session.open(database, signal);
    const { client } = session.connection;
    await rejectNullKeys(client, plan);
    if (after !== undefined) return JSON.parse(after) as Progress;
    const bounds = await chooseBounds(client, plan.select, partitions);
    return { bounds, after: Array.from({ length: bounds.length + 1 }, () => null) };
  } catch (error) {
    signal.throwIfAborted();
    throw databaseError(error, database.where, `read ${plan.layout.origin}`);
  }
}

/** The plan of one range alone. Rows without a key, which are in none of them, were looked for before. */
function planOf(plan: ReadPlan, { bounds }: Progress, range: number): ReadPlan {
  const low = bounds[range - 1];
  const high = bounds[range];
  const conditions = [
    ...plan.select.conditions,
    ...(low === undefined ? [] : [isAfter(plan.select, wireKey(low))]),
    ...(high === undefined ? [] : [isUpTo(plan.select, wireKey(high))]),
  ];
  return { ...plan, nullableKey: [], select: { ...plan.select, conditions } };
}

function wireKey(key: Key): readonly WireText[] {
  return key.map(toWire);
}
