import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { chunkFiles } from '../../src/batch/chunk-files.ts';
import { followersPath } from '../../src/batch/follower-file.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import type { OpenedSource } from '../../src/core/source.ts';
import type { OpenedTransform } from '../../src/core/transform.ts';
import type { Field } from '../../src/core/value.ts';
import type { Ledger, RunRecord } from '../../src/ledger/ledger.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-ledger.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { createRenderer } from '../../src/request/renderer.ts';
import { Dedupe } from '../../src/read/dedupe.ts';
import { readSource } from '../../src/read/read-source.ts';
import { RecordAdmission } from '../../src/read/record-admission.ts';
import { noStalePieces, type StalePieces } from '../../src/read/stale-pieces.ts';
import { sendEverything, type UnchangedFilter } from '../../src/read/unchanged.ts';
import { noFiles } from '../request/renderer-support.ts';

const runId = 'run-1';
/** No process dies for real, so that nothing need be synced to a disk, which takes most of the time. */
const memory = '/dev/shm';
const signal = new AbortController().signal;

class Died extends Error {}

/** Within the source after so many batches, or once so many files are sealed. */
export const anyDeath = fc.record({
  batches: fc.integer({ min: 0, max: 5 }),
  files: fc.integer({ min: 1, max: 3 }),
});
export type Death = typeof anyDeath extends fc.Arbitrary<infer Value> ? Value : never;
export const noDeath: Death = { batches: Infinity, files: Infinity };

/** What is read, and what of it is sent. */
export interface Reading {
  readonly fields: readonly Field[];
  /** The batches of the rows behind the one that the cursor names. */
  readonly batches: (after: string | null) => Iterable<RowBatch>;
  readonly transforms?: readonly OpenedTransform[];
  /** The fields that reach the renderer. */
  readonly rendered?: readonly Field[];
  readonly keyNames?: readonly string[];
  readonly prompt: string;
  readonly dedupe: boolean;
  readonly unchanged?: UnchangedFilter;
  readonly stale?: StalePieces;
  readonly rowsPerFile: number;
}

/** A run whose reading dies again and again, each time to be taken up by another process. */
export class DyingReader implements AsyncDisposable {
  readonly ledger: Ledger;
  /** What the user was warned of. */
  readonly warnings: string[] = [];
  readonly #state: string;
  readonly #folder: string;

  private constructor(state: string, folder: string, ledger: Ledger) {
    this.ledger = ledger;
    this.#state = state;
    this.#folder = folder;
  }

  static async create(fields: readonly Field[]): Promise<DyingReader> {
    const state = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'batchline-reading-'));
    const folder = join(state, 'runs', runId);
    const ledger = await openSqliteLedger(state);
    await mkdir(folder);
    const texts = { pipeline: 'p', fingerprint: '', target: 't', path: 'p.yaml' };
    const schema = { fields, keyFields: [] };
    await ledger.createRun({
      runId,
      kind: 'run',
      fingerprintParts: {},
      folder,
      schema,
      startedAt: 0,
      ...texts,
    });
    return new DyingReader(state, folder, ledger);
  }

  async run(): Promise<RunRecord> {
    const run = await this.ledger.run(runId);
    if (run === null) throw new Error('There is no run.');
    return run;
  }

  counts() {
    return this.ledger.rowCounts(runId);
  }

  failures() {
    return Array.fromAsync(this.ledger.failedRows(runId));
  }

  /** One process: reads on from what is durable, and dies, or comes to the end. */
  async read(reading: Reading, death: Death): Promise<void> {
    const run = await this.run();
    if (run.readingFinished) return;
    const chunks = await this.ledger.chunks(runId);
    await using dedupe = reading.dedupe ? await Dedupe.open(run, chunks, signal) : null;
    let sealed = 0;
    await readSource({
      ledger: this.ledger,
      run: { runId, folder: this.#folder, selection: {} },
      rendering: {
        source: sourceOf(reading, death),
        chain: { transforms: reading.transforms ?? [], read: reading.fields.map(({ name }) => name) },
        renderer: rendererOf(reading),
        keyMode: 'auto',
      },
      rules: {
        admission: new RecordAdmission(null, 1),
        stale: reading.stale ?? noStalePieces,
        unchanged: reading.unchanged ?? sendEverything,
        dedupe,
      },
      from: {
        cursor: run.readCursor,
        partlyRead: run.partlyRead,
        limit: undefined,
        firstChunk: 1 + (chunks.at(-1)?.chunk ?? 0),
      },
      limits: { requests: reading.rowsPerFile, bytes: 1_000_000, tokens: Infinity },
      host: {
        signals: { drain: signal, abort: signal },
        emit: (event) => {
          if (event.type === 'Warned') this.warnings.push(event.message);
        },
      },
      onSealed: async () => {
        sealed += 1;
        if (sealed === death.files) throw new Died();
      },
    }).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
    });
  }

  /** The ids of the rows in sealed files, in their order. */
  async sent(): Promise<readonly string[]> {
    const chunks = await this.ledger.chunks(runId);
    const files = await Promise.all(chunks.map(({ chunk }) => linesOf(chunkFiles(this.#folder, chunk).rows)));
    return files.flat().map(([id = '']) => id);
  }

  /** The ids of the rows that follow others, each with its leader's. */
  async following(): Promise<readonly (readonly [string, string])[]> {
    const { followers, followerBytes } = await this.run();
    if (followers === 0) return [];
    const lines = await linesOf(followersPath(this.#folder), followerBytes);
    if (lines.length !== followers) throw new Error(`There are ${lines.length} followers, not ${followers}.`);
    return lines.map((line) => [line[0] ?? '', line[4] ?? ''] as const);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ledger[Symbol.asyncDispose]();
    await rm(this.#state, { recursive: true });
  }
}

function sourceOf(reading: Reading, death: Death): OpenedSource {
  return {
    fields: reading.fields,
    keyFields: [{ name: 'id', kind: 'integer', sqlType: 'bigint' }],
    keyIsUnique: true,
    resumable: true,
    fingerprint: {},
    badRecords: 0,
    async *read({ after }): AsyncGenerator<RowBatch> {
      let left = death.batches;
      for (const batch of reading.batches(after ?? null)) {
        if (left === 0) throw new Died();
        left -= 1;
        yield batch;
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function rendererOf({ fields, rendered = fields, keyNames = ['id'], prompt, dedupe }: Reading) {
  return createRenderer(
    {
      request: requestBlock.parse({ endpoint: 'chat', model: 'm', prompt, dedupe }),
      dialect: openAiDialect,
      keyNames,
      keyMode: 'auto',
      maxLineBytes: 1_000_000,
      wantsHash: true,
      carried: [],
      files: noFiles,
    },
    rendered,
  );
}

async function linesOf(path: string, bytes?: number): Promise<readonly (readonly string[])[]> {
  const text = (await readFile(path)).subarray(0, bytes).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as readonly string[]);
}
