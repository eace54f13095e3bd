import { readFile, writeFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkFiles } from '../../src/batch/chunk-files.ts';
import type { ChunkLimits } from '../../src/core/chunk-limits.ts';
import { repack, retriesAreDue } from '../../src/batch/repack.ts';
import type { ChunkOutcome, Ledger, UnfinishedRow } from '../../src/ledger/ledger.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-ledger.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { createAnswerReader } from '../../src/results/answer-reader.ts';
import { chatLines as lines } from '../request/chat-lines.ts';
import { requestLine, storedChunk } from './chunk-record.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { noCost } from '../../src/ledger/cost.ts';

const halfAnHour = 30 * 60_000;
const runId = 'run-1';
const reader = createAnswerReader({ dialect: openAiDialect, endpoint: 'chat', needs: new Set(['json']) });

function unfinished(customId: string, chunk: number, line: number): UnfinishedRow {
  return {
    customId,
    chunk,
    line,
    attempts: 1,
    submissions: 1,
    code: 'x',
    message: 'y',
    since: 1,
    answer: null,
    isReasking: false,
  };
}

/** A ledger with a run of some chunks, of which the given lines are to be sent again. */
async function ledgerWith(folder: string, failedLines: readonly (readonly number[])[]): Promise<Ledger> {
  const ledger = await openSqliteLedger(folder);
  await ledger.createRun({
    runId,
    pipeline: 'p',
    kind: 'run',
    fingerprint: '',
    fingerprintParts: {},
    folder,
    target: 't',
    path: 'p.yaml',
    schema: { fields: [], keyFields: [] },
    startedAt: 0,
  });
  for (const [index, lines] of failedLines.entries()) {
    const chunk = index + 1;
    const ids = Array.from({ length: 8 }, (_, line) => idOf(chunk, line));
    const record = await storedChunk(folder, ids, { chunk });
    const { requests, bytes, tokens, sha256 } = record;
    await ledger.commitReading(runId, {
      chunk: { chunk, requests, bytes, tokens, sha256 },
      cursor: null,
      counts: { records: 8, read: 8, filtered: 0, skipped: 0 },
      failures: [],
    });
    const outcome: ChunkOutcome = {
      event: 'results_loaded',
      rowStates: new Uint8Array(8),
      ok: 8 - lines.length,
      cleaned: 0,
      repaired: 0,
      truncated: 0,
      unread: null,
      usage: { input: 0, output: 0, cached: 0 },
      cost: noCost,
      failures: [],
      recovered: [],
      unfinished: lines.map((line) => unfinished(idOf(chunk, line), chunk, line)),
    };
    await ledger.recordOutcomes([{ at: { runId, chunk, state: 'sealed', epoch: 0 }, outcome }]);
  }
  return ledger;
}

function idOf(chunk: number, line: number): string {
  return `${chunk}-${line}`;
}

const anyLines = fc.array(fc.uniqueArray(fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 });

describe('packing rows to be sent again', () => {
  it('copies their lines as they were first sent, into files within the limits', async () => {
    await fc.assert(
      fc.asyncProperty(anyLines, fc.integer({ min: 1, max: 5 }), async (anyFailed, requests) => {
        const failed = anyFailed.map((lines) => lines.toSorted((a, b) => a - b));
        await using folder = await temporaryFolder();
        await using ledger = await ledgerWith(folder.path, failed);
        const limits: ChunkLimits = { requests, bytes: 1000, tokens: Infinity };
        const rows = await ledger.unfinishedRows(runId, 1000);
        const firstChunk = failed.length + 1;
        const chunks = await repack(
          { ledger, runId, folder: folder.path, limits, lines, reader, firstChunk },
          rows,
        );

        const ids = failed.flatMap((lines, index) => lines.map((line) => idOf(index + 1, line)));
        expect(chunks.map((chunk) => chunk.chunk)).toEqual(
          Array.from({ length: Math.ceil(ids.length / requests) }, (_, index) => firstChunk + index),
        );
        for (const [index, { chunk }] of chunks.entries()) {
          const inFile = ids.slice(index * requests, (index + 1) * requests);
          const files = chunkFiles(folder.path, chunk);
          expect(await readFile(files.requests, 'utf8')).toBe(
            inFile.map((id) => `${requestLine(id)}\n`).join(''),
          );
          expect(await readFile(files.rows, 'utf8')).toBe(
            inFile.map((id) => `${JSON.stringify([id, [`key ${id}`], {}, `hash ${id}`])}\n`).join(''),
          );
          // Each row now stands in the new file, at its line there, and waits no more.
          const history = await ledger.rowHistory(runId, chunk);
          expect(inFile.map((id) => history.get(id)?.line)).toEqual(inFile.map((_, line) => line));
          expect(await ledger.chunk(runId, chunk)).toMatchObject({
            origin: 'retry',
            requests: inFile.length,
          });
        }
        expect(await ledger.unfinishedRows(runId, 1000)).toEqual([]);
        // A row that is sent again is no new row.
        expect((await ledger.rowCounts(runId)).requested).toBe(failed.length * 8);
      }),
      { numRuns: 25 },
    );
  });
});

/** Repacks the first row of a chunk, of which an invalid answer was noted. @returns its new line */
async function asked(output: string | null, noted: UnfinishedRow['answer'], limit: number): Promise<string> {
  await using folder = await temporaryFolder();
  await using ledger = await ledgerWith(folder.path, [[0]]);
  if (output !== null) await writeFile(chunkFiles(folder.path, 1).output, output);
  const rows = (await ledger.unfinishedRows(runId, 1)).map((row) => ({ ...row, answer: noted }));
  const limits: ChunkLimits = { requests: 1, bytes: limit, tokens: Infinity };
  await repack({ ledger, runId, folder: folder.path, limits, lines, reader, firstChunk: 2 }, rows);
  return (await readFile(chunkFiles(folder.path, 2).requests, 'utf8')).trimEnd();
}

describe('a row with an invalid answer', () => {
  const before = 'another line\n';
  const line = JSON.stringify({
    custom_id: '1-0',
    response: { body: { choices: [{ message: { content: 'No.' } }] } },
  });
  const output = `${before}${line}\n`;
  const noted = { at: before.length, bytes: line.length };

  it('is asked again with it', async () => {
    const again = lines.reasking(Buffer.from(requestLine('1-0')), 'No.', 'y').toString('utf8');
    expect(await asked(output, noted, 1000)).toBe(again);
    expect(await asked(output, noted, again.length + 1)).toBe(again);
    expect(await asked(output, noted, again.length)).toBe(requestLine('1-0'));
  });

  it.each([
    ['is no longer kept', null],
    ['is cut', output.slice(0, -5)],
    ['is no line', `${before}${line.replace('{', ' ')}`],
  ])('is sent as it was where that %s', async (_name, text) => {
    expect(await asked(text, noted, 1000)).toBe(requestLine('1-0'));
  });
});

describe('rows that wait to be sent again', () => {
  const queue = {
    waiting: { count: 2, oldest: 1, hasSuperseded: false },
    allSubmitted: true,
    awaitsBatches: true,
    fullFile: 10,
    isUrgent: false,
    now: 2000,
  };

  it.each([
    ['are none', { waiting: { count: 0, oldest: null, hasSuperseded: false } }, false],
    ['fill a file', { fullFile: 2, allSubmitted: false }, true],
    ['are the last of the run', { awaitsBatches: false }, true],
    ['have company on its way', {}, false],
    ['are not to wait for it', { isUrgent: true, allSubmitted: false }, true],
    ['have not waited long enough', { now: halfAnHour }, false],
    ['have waited long enough, the oldest of them counting', { now: halfAnHour + 1 }, true],
    [
      'were never sent, their file having been too large',
      { waiting: { count: 1, oldest: 1, hasSuperseded: true }, allSubmitted: false },
      true,
    ],
    ['stand behind files that are not submitted', { allSubmitted: false, now: 1e12 }, false],
  ] as const)('that %s', (_name, change, isDue) => {
    expect(retriesAreDue({ ...queue, ...change })).toBe(isDue);
  });
});
