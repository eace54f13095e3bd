import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { chunkFiles } from '../../src/batch/chunk-files.ts';
import { followersPath } from '../../src/batch/follower-file.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import type { OpenedSource } from '../../src/core/source.ts';
import type { Field } from '../../src/core/value.ts';
import { ValueBatch } from '../../src/core/value-batch.ts';
import { toWire } from '../../src/core/wire-text.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { createRenderer } from '../../src/request/renderer.ts';
import { Dedupe } from '../../src/run/dedupe.ts';
import { readSource } from '../../src/run/read-source.ts';
import { RecordAdmission } from '../../src/run/record-admission.ts';
import { noStalePieces } from '../../src/run/stale-pieces.ts';
import { sendEverything } from '../../src/run/unchanged.ts';

const runId = 'run-1';
const signal = new AbortController().signal;
const fields: readonly Field[] = [{ name: 'body', kind: 'text', sqlType: 'text' }];

/** Each death: within the source after so many batches, or once so many files are sealed. */
const anyCase = fc.record({
  texts: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 50 }),
  rowsPerBatch: fc.integer({ min: 1, max: 12 }),
  rowsPerFile: fc.integer({ min: 1, max: 4 }),
  deaths: fc.array(
    fc.record({ batches: fc.integer({ min: 0, max: 5 }), files: fc.integer({ min: 1, max: 3 }) }),
    { maxLength: 5 },
  ),
});

type Case = typeof anyCase extends fc.Arbitrary<infer Given> ? Given : never;
type Death = Case['deaths'][number];

class Died extends Error {}

function sourceOf({ texts, rowsPerBatch }: Case, { batches }: Death): OpenedSource {
  return {
    fields,
    keyFields: [{ name: 'id', kind: 'integer', sqlType: 'bigint' }],
    keyIsUnique: true,
    resumable: true,
    fingerprint: {},
    badRecords: 0,
    async *read({ after }): AsyncGenerator<RowBatch> {
      let left = batches;
      const first = Number(after ?? 0);
      for (let start = first; start < texts.length; start += rowsPerBatch) {
        if (left === 0) throw new Died();
        left -= 1;
        const ids = texts.slice(start, start + rowsPerBatch).map((_, index) => start + index + 1);
        yield batchOf(ids, texts, first);
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** @param before the rows that an earlier read has dealt with */
function batchOf(ids: readonly number[], texts: readonly number[], before: number): RowBatch {
  const rows = ids.map((id) => [`text ${texts[id - 1]}`]);
  const keys = ids.map((id) => [toWire(String(id))]);
  const records = ids.map((id) => id - before);
  const batch = new ValueBatch(fields, rows, keys, records, (row) => `row ${ids[row]}`);
  return Object.assign(batch, { cursor: (row: number) => String(ids[row]) });
}

function rendererOf() {
  const request = requestBlock.parse({ endpoint: 'chat', model: 'm', prompt: '{{ body }}', dedupe: true });
  return createRenderer(
    {
      request,
      frame: { open: '{"custom_id":"', middle: '","body":', close: '}' },
      keyNames: ['id'],
      keyMode: 'auto',
      maxLineBytes: 1_000_000,
      wantsHash: true,
      carried: [],
    },
    fields,
  );
}

/** One process: reads on from what is durable, and dies, or comes to the end. */
async function readOnce(ledger: Ledger, folder: string, given: Case, death: Death): Promise<void> {
  const run = await ledger.run(runId);
  if (run === null) throw new Error('There is no run.');
  const chunks = await ledger.chunks(runId);
  await using dedupe = await Dedupe.open(run, chunks, signal);
  let sealed = 0;
  await readSource({
    source: sourceOf(given, death),
    transforms: [],
    renderer: rendererOf(),
    fields: ['body'],
    keyMode: 'auto',
    admission: new RecordAdmission(null, 1),
    stale: noStalePieces,
    unchanged: sendEverything,
    dedupe,
    limits: { requests: given.rowsPerFile, bytes: 1_000_000, tokens: Infinity },
    folder,
    ledger,
    runId,
    firstChunk: 1 + (chunks.at(-1)?.chunk ?? 0),
    cursor: run.readCursor,
    partlyRead: run.partlyRead,
    limit: undefined,
    selection: {},
    signal,
    emit: () => {},
    onSealed: async () => {
      sealed += 1;
      if (sealed === death.files) throw new Died();
    },
  });
}

async function createRun(ledger: Ledger, folder: string): Promise<void> {
  const schema = { fields, keyFields: [] };
  const texts = { pipeline: 'p', fingerprint: '', target: 't', path: 'p.yaml' };
  await ledger.createRun({
    runId,
    kind: 'run',
    fingerprintParts: {},
    folder,
    schema,
    startedAt: 0,
    ...texts,
  });
}

async function linesOf(path: string, bytes?: number): Promise<readonly (readonly string[])[]> {
  const text = (await readFile(path)).subarray(0, bytes).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as readonly string[]);
}

/** The rows that are sent, and those that follow, each with its leader; by id. */
async function readBack(ledger: Ledger, folder: string) {
  const sent: number[] = [];
  for (const { chunk } of await ledger.chunks(runId)) {
    for (const [id] of await linesOf(chunkFiles(folder, chunk).rows)) sent.push(Number(id));
  }
  const { followers = 0, followerBytes = 0 } = (await ledger.run(runId)) ?? {};
  const lines = await linesOf(followersPath(folder), followerBytes);
  expect(lines).toHaveLength(followers);
  return { sent, following: lines.map((line) => [Number(line[0]), Number(line[4])] as const) };
}

/** The first row of each text is sent, every other one follows it. */
function model(texts: readonly number[]) {
  const rows = texts.map((text, index) => [index + 1, texts.indexOf(text) + 1] as const);
  return {
    sent: rows.filter(([id, leader]) => id === leader).map(([id]) => id),
    following: rows.filter(([id, leader]) => id !== leader),
  };
}

it('sends the first of the rows that ask the same and lets the others follow, wherever reading dies', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (given) => {
      const state = await mkdtemp(join(tmpdir(), 'batchline-dedupe-'));
      await using ledger = await openSqliteLedger(state);
      const folder = join(state, 'runs', runId);
      await mkdir(folder);
      await createRun(ledger, folder);
      for (const death of [...given.deaths, { batches: Infinity, files: Infinity }]) {
        if ((await ledger.run(runId))?.readingFinished === true) break;
        await readOnce(ledger, folder, given, death).catch((error: unknown) => {
          if (!(error instanceof Died)) throw error;
        });
      }
      expect(await readBack(ledger, folder)).toEqual(model(given.texts));
      const { texts } = given;
      expect(await ledger.rowCounts(runId)).toMatchObject({
        records: texts.length,
        read: texts.length,
        requested: texts.length,
        pending: texts.length,
      });
      await rm(state, { recursive: true });
    }),
    { numRuns: 40 },
  );
}, 60_000);
