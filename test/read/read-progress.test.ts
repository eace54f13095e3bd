import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowBatch } from '../../src/core/row-batch.ts';
import { ValueBatch } from '../../src/core/value-batch.ts';
import { toWire } from '../../src/core/wire-text.ts';
import type { FailedRow, ReadCounts } from '../../src/ledger/ledger.ts';
import type { ItemFate } from '../../src/read/batch-items.ts';
import { ReadProgress } from '../../src/read/read-progress.ts';

/** A record of the source; `bad` ones are passed over by the source itself and never reach a batch. */
type Fate = ItemFate | 'bad';

const anyFate: fc.Arbitrary<Fate> = fc.constantFrom(
  'requested',
  'requested',
  'skipped',
  'filtered',
  'failed',
  'bad',
);
/** Batches of records, and after which rows of each a file is sealed. */
const anyRead = fc.array(
  fc.record({
    fates: fc.array(anyFate, { minLength: 1, maxLength: 10 }),
    sealAfter: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
    sealsAtEnd: fc.boolean(),
  }),
  { maxLength: 6 },
);

interface Commit {
  readonly counts: ReadCounts;
  readonly failures: readonly FailedRow[];
  readonly cursor: string | null;
}

const start = { cursor: null, partlyRead: [], keyParts: 1, onEdited: () => {} };
const none: ReadCounts = { records: 0, read: 0, filtered: 0, skipped: 0 };

function failedRow(record: number): FailedRow {
  const text = String(record);
  return {
    customId: text,
    key: [text],
    stage: 'render',
    code: 'empty_prompt',
    message: 'empty',
    attempts: 0,
    chunk: null,
    batchId: null,
    requestHash: null,
    request: null,
  };
}

function batchOf(records: readonly number[]): RowBatch {
  const keys = records.map((record) => [toWire(`k${record}`)]);
  const rows = records.map(() => []);
  const batch = new ValueBatch([], rows, keys, records, (row) => `record ${records[row]}`);
  return Object.assign(batch, { cursor: (row: number) => cursorOf(records[row]) });
}

function cursorOf(record: number | undefined): string | null {
  return record === undefined ? null : `after ${record}`;
}

/** Reads as the reader does, and notes every commit together with the last record that it must cover. */
function read(batches: typeof anyRead extends fc.Arbitrary<infer Read> ? Read : never) {
  const progress = new ReadProgress(start);
  const commits: { readonly commit: Commit; readonly upTo: number | undefined }[] = [];
  const fates: Fate[] = [];
  let lastOfBatch: number | undefined;
  for (const { fates: ofBatch, sealAfter, sealsAtEnd } of batches) {
    const records = ofBatch.flatMap((fate, index) => (fate === 'bad' ? [] : [fates.length + index + 1]));
    fates.push(...ofBatch);
    if (records.length === 0) continue;
    const batch = batchOf(records);
    progress.startBatch(batch);
    for (const record of records) mark(progress, record, fates[record - 1] ?? 'bad');
    const seals = [...new Set(sealAfter)].filter((row) => row < records.length).sort((a, b) => a - b);
    for (const row of seals)
      commits.push({
        commit: progress.takeUpTo({ record: records[row] ?? 0, piece: 0 }),
        upTo: records[row],
      });
    progress.endBatch();
    lastOfBatch = records.at(-1);
    if (sealsAtEnd) commits.push({ commit: progress.takeSettled(), upTo: lastOfBatch });
  }
  commits.push({ commit: progress.takeSettled(), upTo: lastOfBatch });
  return { commits, fates };
}

function mark(progress: ReadProgress, record: number, fate: Fate): void {
  if (fate === 'failed') progress.fail({ record, piece: 0, row: failedRow(record) });
  // The reader leaves those that a transform took out unmarked.
  else if (fate === 'requested' || fate === 'skipped') progress.mark({ record, piece: 0 }, fate);
}

/** What the records after `after` up to `upTo` come to, counted one by one. */
function counted(fates: readonly Fate[], after: number, upTo: number): Commit {
  const range = fates.map((fate, index) => ({ fate, record: index + 1 })).slice(after, upTo);
  const count = (fate: Fate) => range.filter((entry) => entry.fate === fate).length;
  return {
    counts: {
      records: range.length,
      read: range.length - count('bad'),
      filtered: count('filtered'),
      skipped: count('skipped'),
    },
    failures: range.filter(({ fate }) => fate === 'failed').map(({ record }) => failedRow(record)),
    cursor: null,
  };
}

describe('the progress of reading', () => {
  it('commits with each file exactly the records up to its last row', () => {
    fc.assert(
      fc.property(anyRead, (batches) => {
        const { commits, fates } = read(batches);
        let after = 0;
        for (const { commit, upTo } of commits) {
          const covered = Math.max(after, upTo ?? 0);
          const expected =
            covered === after ? { counts: none, failures: [] } : counted(fates, after, covered);
          expect({ counts: commit.counts, failures: commit.failures }).toEqual({
            counts: expected.counts,
            failures: expected.failures,
          });
          after = covered;
        }
      }),
    );
  });

  it('names the last row that it covers as the place to read on after', () => {
    fc.assert(
      fc.property(anyRead, (batches) => {
        const { commits } = read(batches);
        for (const { commit, upTo } of commits) expect(commit.cursor).toBe(cursorOf(upTo));
      }),
    );
  });

  it('holds failures until the next commit', () => {
    const progress = new ReadProgress(start);
    const batch = batchOf([1, 2, 3]);
    progress.startBatch(batch);
    for (const record of [1, 3]) progress.fail({ record, piece: 0, row: failedRow(record) });
    progress.endBatch();
    expect(progress.failuresHeld).toBe(2);
    expect(progress.takeSettled().failures).toEqual([failedRow(1), failedRow(3)]);
    expect(progress.failuresHeld).toBe(0);
  });
});
