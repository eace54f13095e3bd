import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { RunSummary } from '../../src/run/summary.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Spares each of the many processes reading the sources anew. */
const compiled = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

export interface CliResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
}

/** A folder with a pipeline file, and the command line run in it as a process of its own. */
export class PipelineProject implements AsyncDisposable {
  readonly folder: string;
  #env: Readonly<Record<string, string>> = {};

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param pipeline the pipeline file's content; JSON is YAML */
  static async create(pipeline?: object): Promise<PipelineProject> {
    const project = new PipelineProject(await realpath(await mkdtemp(join(tmpdir(), 'batchline-project-'))));
    if (pipeline !== undefined) await project.write('pipeline.yaml', pipeline);
    return project;
  }

  get stateDir(): string {
    return join(this.folder, '.pipeline');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Node's own options for every command; those of the command's first line are not given where tests start it. */
  nodeOptions: readonly string[] = [];

  /** Variables that every command gets beside PATH. */
  set env(variables: Readonly<Record<string, string>>) {
    this.#env = variables;
  }

  /** A pipeline that has no name gets the project's own: at a provider that several tests share none is another's. */
  async write(name: string, content: object | string): Promise<void> {
    const named = name === 'pipeline.yaml' && typeof content === 'object';
    const whole = named ? { name: basename(this.folder), ...content } : content;
    await writeFile(this.path(name), typeof whole === 'string' ? whole : JSON.stringify(whole));
  }

  async read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  start(...args: readonly string[]): RunningCli {
    return this.watch(args);
  }

  /** Starts a command; `onLine` is told of each line on standard error as it comes. */
  watch(args: readonly string[], onLine: (line: string) => void = () => {}): RunningCli {
    const child = spawn(process.execPath, [...this.nodeOptions, main, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const result = Promise.all([ended, child.stdout.toArray(), readLines(child.stderr, onLine)]).then(
      ([code, stdout, stderr]) => ({ code, stdout: Buffer.concat(stdout).toString(), stderr }),
    );
    return { child, result };
  }

  cli(...args: readonly string[]): Promise<CliResult> {
    return this.start(...args).result;
  }

  /** `pipeline run pipeline.yaml`. */
  run(...flags: readonly string[]): Promise<CliResult> {
    return this.cli('run', 'pipeline.yaml', ...flags);
  }

  /** The same with `--json`, which must end with the exit code given. */
  async summary(code = 0, ...flags: readonly string[]): Promise<RunSummary> {
    const result = await this.run('--json', ...flags);
    if (result.code !== code) throw new Error(`exit ${result.code}, not ${code}: ${result.stderr}`);
    return JSON.parse(result.stdout) as RunSummary;
  }

  /** The pipeline's newest run, as `status --json` has it. */
  async status(): Promise<RunSummary> {
    const { stdout, stderr, code } = await this.cli('status', 'pipeline.yaml', '--json');
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as RunSummary;
  }

  /** Paths of all files of the state folder, from there. */
  async stateFiles(): Promise<readonly string[]> {
    const entries = await readdir(this.stateDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((file) => join(file.parentPath, file.name).slice(this.stateDir.length + 1)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream })) {
    lines.push(line);
    onLine(line);
  }
  return lines.join('\n');
}
