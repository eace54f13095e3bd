import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { Semaphore } from '../../src/core/semaphore.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { summarize, type RunSummary } from '../../src/run/summary.ts';
import { batchesOf, boughtTwice, type CarriedOut } from '../support/batches-of.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import type { TestDatabase } from '../support/database.ts';
import { createEmulator, providerAt, type TestEmulator } from '../support/emulator.ts';
import { faultHits } from '../support/fault-hits.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';

const doors = new URL('../support/doors.ts', import.meta.url).href;
/** Spares each of the many processes reading the sources anew. */
const compiled = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

/** The scenes share a client, which takes one query at a time. */
const queries = new Semaphore(1);

export const rowCount = 14;
const ids = Array.from({ length: rowCount }, (_, index) => String(index + 1));

/**
 * A row that fails in passing, a batch that expires half-way, a create whose reply is lost, and batches that the list
 * shows only after a while.
 */
const usualFaults: FaultsInput = {
  rows: [{ fault: 'status', status: 429, custom_ids: ['3'], attempts: 1 }],
  batches: [
    { fault: 'expired', batches: 2, after: 0.5 },
    { fault: 'unlisted', for: '150ms' },
  ],
  http: [{ fault: 'cut', on: 'create_batch', requests: 3, effect: 'done' }],
};

export type Mode = 'upsert' | 'insert';

/** The nth crossing, from 1, of those whose name begins with that of the door. */
export interface Boundary {
  readonly door: string;
  readonly nth: number;
}

export interface SceneOptions {
  readonly mode: Mode;
  /** Tells the scene's target table from others of its mode. */
  readonly name: string;
  readonly faults?: FaultsInput;
  readonly rowsPerFile?: number;
}

/** The table that every scene reads. */
export async function createNotes(database: TestDatabase): Promise<void> {
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n`);
}

/** A small pipeline with a provider, a state folder and a target table of its own, to be killed once. */
export class BoundaryScene implements AsyncDisposable {
  readonly #database: TestDatabase;
  readonly #emulator: TestEmulator;
  readonly #project: PipelineProject;
  readonly #target: string;

  private constructor(
    database: TestDatabase,
    emulator: TestEmulator,
    project: PipelineProject,
    target: string,
  ) {
    this.#database = database;
    this.#emulator = emulator;
    this.#project = project;
    this.#target = target;
  }

  static async create(database: TestDatabase, options: SceneOptions): Promise<BoundaryScene> {
    const { mode, name, faults = usualFaults } = options;
    await using resources = new AsyncDisposableStack();
    const target = `answers_${mode}_${name}`;
    // Without a unique index, so that an answer loaded twice would show.
    if (mode === 'insert')
      await queries.run(() => database.client.query(`CREATE TABLE ${target} (id bigint, answer text)`));
    const emulator = resources.use(await createEmulator({ latencyMs: 60, faults }));
    const project = resources.use(
      await PipelineProject.create(pipeline(database, emulator.url, target, options)),
    );
    resources.move();
    return new BoundaryScene(database, emulator, project, target);
  }

  /** Runs to the end and names the boundaries that were crossed. */
  async count(): Promise<readonly string[]> {
    mustHaveEnded(await this.#run({ BATCHLINE_DOORS_LOG: this.#doorsLog }));
    return this.#crossed();
  }

  /** Runs until the boundary is crossed and dies there. @returns the boundary's name; null where it never came */
  async killAt({ door, nth }: Boundary): Promise<string | null> {
    const ended = await this.#run({
      BATCHLINE_KILL_AT: String(nth),
      BATCHLINE_KILL_DOOR: door,
      BATCHLINE_DOORS_LOG: this.#doorsLog,
    });
    if (ended.code === null) return (await this.#crossed()).at(-1) ?? '';
    mustHaveEnded(ended);
    return null;
  }

  /** Types the same command again. */
  async goOn(): Promise<void> {
    mustHaveEnded(await this.#run({}));
  }

  /** What stands in the target table. */
  async rows(): Promise<readonly { readonly id: string; readonly answer: string }[]> {
    const { rows } = await queries.run(() =>
      this.#database.client.query<{ id: string; answer: string }>(
        `SELECT id::text, answer FROM ${this.#target} AS target ORDER BY target.id`,
      ),
    );
    return rows;
  }

  /** The run that was killed: one that was killed after its end is followed by another, which finds nothing to do. */
  async firstRun(): Promise<RunSummary> {
    await using ledger = await openSqliteLedger(this.#project.stateDir);
    const first = (await ledger.runs()).at(-1);
    if (first === undefined) throw new Error('There is no run in the ledger.');
    return await summarize(ledger, first);
  }

  batches(): Promise<readonly CarriedOut[]> {
    return batchesOf(this.#emulator.url);
  }

  faultHits(): Promise<Readonly<Record<string, number>>> {
    return faultHits(this.#emulator.url);
  }

  stateFiles(): Promise<readonly string[]> {
    return this.#project.stateFiles();
  }

  get #doorsLog(): string {
    return this.#project.path('doors.log');
  }

  async #run(env: Readonly<Record<string, string>>): Promise<CliResult> {
    const watched = 'BATCHLINE_DOORS_LOG' in env ? { NODE_OPTIONS: `--import=${doors}` } : {};
    this.#project.env = { NODE_COMPILE_CACHE: compiled, ...watched, ...env };
    return this.#project.run();
  }

  async #crossed(): Promise<readonly string[]> {
    const text = await readFile(this.#doorsLog, 'utf8');
    return text.split('\n').slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#emulator[Symbol.asyncDispose]();
    await this.#project[Symbol.asyncDispose]();
  }
}

function pipeline(
  database: TestDatabase,
  url: string,
  target: string,
  { mode, rowsPerFile = 4 }: SceneOptions,
): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { poll_interval: '50ms', max_requests: rowsPerFile },
    sink: {
      type: 'postgres',
      url: database.url,
      table: target,
      mode,
      create: mode === 'upsert',
      columns: { answer: 'text' },
    },
  };
}

/** Without hashes in the table, who comes again after the run's end is told that it has ended. */
function mustHaveEnded({ code, stderr }: CliResult): void {
  const toldEnded = code === 4 && stderr.includes('has already bought');
  if (code !== 0 && !toldEnded) throw new Error(`exit ${code}, not 0: ${stderr}`);
}

/** Every row is answered, once, everything adds up, and nothing was bought in vain. */
export async function expectComplete(scene: BoundaryScene): Promise<void> {
  expect(await scene.rows()).toEqual(ids.map((id) => ({ id, answer: promptAnswer(`note ${id}`) })));
  const { status, rows } = await scene.firstRun();
  expect([status, rows]).toEqual([
    'completed',
    {
      records: rowCount,
      read: rowCount,
      filtered: 0,
      skipped: 0,
      requested: rowCount,
      ok: rowCount,
      failed: 0,
      pending: 0,
      cleaned: 0,
    },
  ]);
  expect(boughtTwice(await scene.batches())).toEqual([]);
  expect((await scene.stateFiles()).filter((file) => file.endsWith('.partial'))).toEqual([]);
}
