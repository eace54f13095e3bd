import { readFile } from 'node:fs/promises';
import { Semaphore } from '../../src/core/semaphore.ts';
import type { EmulatorOptions } from '../../src/emulator/server.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-ledger.ts';
import { summarize, type RunSummary } from '../../src/run/summary.ts';
import { batchesOf, type CarriedOut } from '../support/batches-of.ts';
import type { TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { faultHits } from '../support/fault-hits.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';

const doors = new URL('../support/doors.ts', import.meta.url).href;

/** The worlds share a client, which takes one query at a time. */
const queries = new Semaphore(1);

/** The nth crossing, from 1, of those whose name begins with that of the door. */
export interface Boundary {
  readonly door: string;
  readonly nth: number;
}

/** Where the parts of a world stand. */
export interface Places {
  /** The emulator's, a `base_url`. */
  readonly provider: string;
  readonly database: string;
  /** A table of the database that no other world has. */
  readonly table: string;
}

export interface WorldOptions {
  readonly emulator: Partial<EmulatorOptions>;
  /** The content of the pipeline file. */
  readonly pipeline: (places: Places) => object;
  /** Statements that make the target table. */
  readonly createTable?: ((table: string) => string) | undefined;
  /** Further files of the project's folder, by name. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** A project with a provider, a state folder and a target table of its own, in which commands are typed and killed. */
export class World implements AsyncDisposable {
  readonly emulator: TestEmulator;
  readonly project: PipelineProject;
  readonly places: Places;
  readonly #database: TestDatabase;

  private constructor(
    database: TestDatabase,
    emulator: TestEmulator,
    project: PipelineProject,
    places: Places,
  ) {
    this.#database = database;
    this.emulator = emulator;
    this.project = project;
    this.places = places;
  }

  /** @param table a name that no other world has */
  static async create(database: TestDatabase, table: string, options: WorldOptions): Promise<World> {
    await using resources = new AsyncDisposableStack();
    const emulator = resources.use(await createEmulator(options.emulator));
    const places = { provider: emulator.url, database: database.url, table };
    const project = resources.use(await PipelineProject.create(options.pipeline(places)));
    for (const [name, text] of Object.entries(options.files ?? {})) await project.write(name, text);
    const world = new World(database, emulator, project, places);
    if (options.createTable !== undefined) await world.query(options.createTable(table));
    resources.move();
    return world;
  }

  /** Types a command and names the boundaries that it crossed. */
  async crossings(args: readonly string[]): Promise<readonly string[]> {
    await this.#run(args, { BATCHLINE_DOORS_LOG: this.#doorsLog });
    return this.#crossed();
  }

  /** Types a command that dies when it crosses the boundary. @returns the boundary's name; null where it never came */
  async killAt(args: readonly string[], { door, nth }: Boundary): Promise<string | null> {
    const { code } = await this.#run(args, {
      BATCHLINE_KILL_AT: String(nth),
      BATCHLINE_KILL_DOOR: door,
      BATCHLINE_DOORS_LOG: this.#doorsLog,
    });
    return code === null ? ((await this.#crossed()).at(-1) ?? '') : null;
  }

  /** Types a command. @throws where it ends with none of the codes */
  async type(args: readonly string[], ...codes: readonly number[]): Promise<CliResult> {
    const result = await this.#run(args, {});
    if (result.code !== null && codes.includes(result.code)) return result;
    throw new Error(`${args.join(' ')}: exit ${result.code}, not ${codes.join(' or ')}: ${result.stderr}`);
  }

  /** Types a command for as long as it ends with 3, unfinished; then it must end with one of the codes. */
  async typeUntilDone(args: readonly string[], ...codes: readonly number[]): Promise<CliResult> {
    for (;;) {
      const result = await this.type(args, 3, ...codes);
      if (result.code !== 3) return result;
    }
  }

  async query<Row extends Record<string, unknown>>(sql: string): Promise<readonly Row[]> {
    const { rows } = await queries.run(() => this.#database.client.query<Row>(sql));
    return rows;
  }

  /** The text of a file of the project's folder. */
  read(name: string): Promise<string> {
    return readFile(this.project.path(name), 'utf8');
  }

  /** The runs and builds of the ledger, the oldest first. */
  async runs(): Promise<readonly RunSummary[]> {
    await using ledger = await openSqliteLedger(this.project.stateDir);
    const runs = (await ledger.runs()).toReversed();
    return await Promise.all(runs.map((run) => summarize(ledger, run)));
  }

  batches(): Promise<readonly CarriedOut[]> {
    return batchesOf(this.emulator.url);
  }

  faultHits(): Promise<Readonly<Record<string, number>>> {
    return faultHits(this.emulator.url);
  }

  get #doorsLog(): string {
    return this.project.path('doors.log');
  }

  async #run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliResult> {
    const watched = 'BATCHLINE_DOORS_LOG' in env ? { NODE_OPTIONS: `--import=${doors}` } : {};
    this.project.env = { ...watched, ...env };
    return this.project.cli(...args);
  }

  async #crossed(): Promise<readonly string[]> {
    const text = await readFile(this.#doorsLog, 'utf8');
    return text.split('\n').slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emulator[Symbol.asyncDispose]();
    await this.project[Symbol.asyncDispose]();
  }
}
