import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { measure, type Measurement } from './measure.ts';

const execute = promisify(execFile);

const quiet = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1'];

/** A database, reached through psql, as the commands that ours are compared with reach it. */
export class Database {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @throws Error where psql is not installed */
  async clientVersion(): Promise<string> {
    const { stdout } = await execute('psql', ['--version']).catch((cause: unknown) => {
      throw new Error('The benchmarks compare with psql: install PostgreSQL’s client programs.', { cause });
    });
    return /\d+(?:\.\d+)*/.exec(stdout)?.[0] ?? stdout.trim();
  }

  /** The result of a query, without decoration. */
  async ask(sql: string): Promise<string> {
    const { stdout } = await execute('psql', [this.url, ...quiet, '--tuples-only', '--no-align', '-c', sql]);
    return stdout.trim();
  }

  /** Fills a table from blocks of COPY's text format. */
  async fill(table: string, blocks: Iterable<string>): Promise<void> {
    const child = spawn('psql', [this.url, ...quiet, '-c', `copy ${table} from stdin`], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const closed = once(child, 'close');
    await pipeline(Readable.from(blocks, { objectMode: false }), child.stdin);
    const [code] = (await closed) as [number];
    if (code !== 0) throw new Error(`psql could not fill ${table}`);
  }

  /** Runs a script, timed. `\copy ... from pstdin` reads `stdin`, `copy ... to stdout` writes `output`. */
  async script(
    file: string,
    files: { readonly stdin?: string; readonly output?: string } = {},
  ): Promise<Measurement> {
    const output = files.output === undefined ? [] : [`--output=${files.output}`];
    return measure({
      command: 'psql',
      args: [this.url, ...quiet, ...output, `--file=${file}`],
      ...(files.stdin === undefined ? {} : { stdin: files.stdin }),
    });
  }
}
