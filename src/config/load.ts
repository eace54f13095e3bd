import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { BatchlineError, errorCode, errorMessage } from '../core/errors.ts';
import { Redactor } from '../core/redact.ts';
import type { RowFields } from '../core/row-fields.ts';
import { checkPipeline } from './check.ts';
import { type Environment, loadEnvironment } from './environment.ts';
import { parseOverrides, type Override } from './overrides.ts';
import type { Pipeline } from './pipeline.ts';
import { ConfigError, type Problem } from './problem.ts';
import { hideEnvironment } from './secrets.ts';
import type { StandIn } from './substitute.ts';

export interface LoadOptions {
  /** The process's environment. */
  readonly env: Environment;
  /** `--env-file`. */
  readonly envFile?: string | undefined;
  /** `--set`: each `path=value`. */
  readonly set?: readonly string[] | undefined;
  /** `--target`: which of the file's targets is taken. */
  readonly target?: string | undefined;
  /** Learns the file's secrets; a new one where it is left out. */
  readonly redactor?: Redactor | undefined;
  /** What takes the place of variables that are not set; where it is left out they are faults. */
  readonly standIn?: StandIn | undefined;
  /** Finds out which fields the rows have, of a file's data, so that what names them is judged along with the rest. */
  readonly learn?: (data: unknown, baseDir: string) => Promise<RowFields | undefined>;
}

export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly name: string;
  /** The file as it was named, for messages. */
  readonly file: string;
  /** The file, absolute. */
  readonly path: string;
  /** The folder that relative paths start from, absolute. */
  readonly baseDir: string;
  /** The state folder, absolute. */
  readonly stateDir: string;
  /** The variables that the file saw, those of `.env` and `--env-file` included. */
  readonly env: Environment;
  readonly redactor: Redactor;
  readonly warnings: readonly Problem[];
  /** Everything that is wrong with the file, once the fields of the rows are known. */
  readonly problemsOf: (row: RowFields) => readonly Problem[];
  /** Which of the file's targets was taken. */
  readonly target: string | undefined;
  /** The names of all of them. */
  readonly targets: readonly string[];
  /** Whether `--set` or `--target` let the rows go elsewhere than the file does, so that part of them may replace what is there. */
  readonly isRedirected: boolean;
  /** The sink as it is without that. */
  readonly ownSink: Pipeline['sink'];
}

/**
 * Reads and checks a pipeline file. Reaches nothing but the file and its environment files.
 *
 * @throws ConfigError with everything that is wrong in it, BatchlineError where it cannot be read
 */
export async function loadPipeline(path: string, options: LoadOptions): Promise<LoadedPipeline> {
  const absolute = resolve(path);
  const baseDir = dirname(absolute);
  const redactor = options.redactor ?? new Redactor();
  const source = await readPipelineFile(path);
  const env = await loadEnvironment(options.env, baseDir, options.envFile);
  hideEnvironment(redactor, env);
  const { target, standIn } = options;
  const given = { file: path, env, overrides: readOverrides(options.set ?? []), target, redactor, standIn };
  const checked = checkPipeline(source, given);
  const { pipeline, warnings, problemsOf, targets } = checked;
  const row = checked.data === undefined ? undefined : await options.learn?.(checked.data, baseDir);
  const problems = row === undefined ? checked.problems : problemsOf(row);
  if (pipeline === undefined || problems.length > 0) throw new ConfigError(path, problems, targets);
  const name = pipeline.name ?? nameOf(absolute);
  const stateDir = resolve(baseDir, pipeline.state);
  const isRedirected = checked.overrides.some(namesTarget);
  const own = isRedirected
    ? checkPipeline(source, { ...given, takes: (override) => !namesTarget(override) }).pipeline
    : pipeline;
  const ownSink = (own ?? pipeline).sink;
  return {
    pipeline,
    name,
    path: absolute,
    baseDir,
    stateDir,
    env,
    redactor,
    warnings,
    problemsOf,
    target,
    targets,
    isRedirected,
    ownSink,
    file: path,
  };
}

/** Where a sink's rows go is said by these keys. */
const targetKeys: ReadonlySet<unknown> = new Set(['url', 'table', 'path']);

function namesTarget({ path: [block, key] }: Override): boolean {
  return block === 'sink' && targetKeys.has(key);
}

function readOverrides(set: readonly string[]) {
  const { overrides, malformed } = parseOverrides(set);
  if (malformed[0] === undefined) return overrides;
  throw new BatchlineError('invalid_override', `--set ${malformed[0]} is not of the form path=value`, {
    hint: 'Write it like --set source.path=other.csv.',
    exitCode: 2,
  });
}

/** The default name of a pipeline: its file's name, lower-cased, other characters become "-". */
function nameOf(path: string): string {
  return basename(path, extname(path))
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-');
}

const readFailures: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};

async function readPipelineFile(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const reason = readFailures[errorCode(error) ?? ''] ?? errorMessage(error);
    const message = error instanceof TypeError ? 'it is not UTF-8 text' : reason;
    throw new BatchlineError('unreadable_pipeline', `cannot read the pipeline file: ${message}`, {
      where: path,
      hint: 'Name a YAML file that describes a pipeline.',
      exitCode: 2,
      cause: error,
    });
  }
}
