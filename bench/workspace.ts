import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../src/pg/embedded.ts';
import { Database } from './database.ts';
import { measure, type Measurement } from './measure.ts';
import type { Options } from './options.ts';

/** What `npx pipeline` runs, by the settings of its first line; `bench/run.ts` builds it first. */
const main = join(import.meta.dirname, '../dist/cli/main.js');

/** What the benchmarks share: a folder, a database, and the command line. */
export class Workspace implements AsyncDisposable {
  readonly folder: string;
  readonly database: Database;
  readonly options: Options;
  readonly #server: AsyncDisposable;
  #folders = 0;

  private constructor(folder: string, database: Database, options: Options, server: AsyncDisposable) {
    this.folder = folder;
    this.database = database;
    this.options = options;
    this.#server = server;
  }

  static async open(options: Options): Promise<Workspace> {
    const folder = await mkdtemp(join(tmpdir(), 'batchline-bench-'));
    // The database server runs as another user where this is root, and must get through.
    await chmod(folder, 0o711);
    const server = await startEmbedded(join(folder, 'database'));
    return new Workspace(folder, new Database(server.url), options, server);
  }

  /** A new, empty folder. */
  async newFolder(name: string): Promise<string> {
    this.#folders += 1;
    const folder = join(this.folder, `${name}-${this.#folders}`);
    await mkdir(folder);
    return folder;
  }

  /** Writes a pipeline file with a state folder of its own, so that nothing is known of earlier runs. */
  async writePipeline(pipeline: Readonly<Record<string, unknown>>): Promise<string> {
    const file = join(await this.newFolder('pipeline'), 'bench.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ name: 'bench', ...pipeline }, undefined, 2));
    return file;
  }

  /** Runs a command as a person would, timed. */
  async pipeline(...args: readonly string[]): Promise<Measurement> {
    return measure({
      command: main,
      args,
      env: { OPENAI_API_KEY: 'bench', NO_COLOR: '1' },
    });
  }

  /** Writes out what earlier steps left dirty, so that no step pays for another. */
  async settle(): Promise<void> {
    await this.database.ask('checkpoint');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    if (this.options.keep) console.error(`kept ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }
}
