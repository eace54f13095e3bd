import type { ColumnPlan, OpenedSink, ResultBatch, SinkContext } from '../../src/core/sink.ts';
import type { Value } from '../../src/core/value.ts';
import { postgres } from '../../src/sinks/postgres.ts';

export function column(name: string, sqlType = 'text', isVector = false): ColumnPlan {
  return { name, sqlType, isVector };
}

/** Warnings are collected, since no sink of a test should have any that the test does not look at. */
export interface TestContext extends SinkContext {
  readonly warnings: string[];
}

export function sinkContext(
  key: readonly ColumnPlan[],
  columns: readonly ColumnPlan[],
  options: { readonly baseDir?: string; readonly signal?: AbortSignal } = {},
): TestContext {
  const warnings: string[] = [];
  const baseDir = options.baseDir ?? '/nonexistent';
  return {
    pipeline: 'test',
    key,
    columns,
    baseDir,
    stateDir: baseDir,
    signal: options.signal ?? new AbortController().signal,
    warn: (message) => void warnings.push(message),
    warnings,
  };
}

/** Rows as arrays: the key's texts, then the values. */
export type TestRow = readonly Value[];

export function resultBatch(keyCount: number, rows: readonly TestRow[]): ResultBatch {
  const width = rows[0]?.length ?? keyCount;
  const columns = Array.from({ length: width }, (_, index) => rows.map((row) => row[index] ?? null));
  return {
    length: rows.length,
    customIds: rows.map((_, index) => `id-${index}`),
    keys: columns.slice(0, keyCount).map((values) => values.map(String)),
    columns: columns.slice(keyCount),
    requestHashes: rows.map((_, index) => `hash-${index}`),
  };
}

export function mark(place = '1', runId = 'run-1') {
  return { runId, place, sha256: 'abc' };
}

export interface PostgresOptions {
  readonly url: string;
  readonly table: string;
  readonly mode?: 'upsert' | 'insert' | 'update';
  readonly create?: boolean;
  readonly indexes?: 'keep' | 'defer';
}

export function openPostgres(options: PostgresOptions, context: SinkContext): Promise<OpenedSink> {
  return postgres.open(postgres.config.parse(options), context);
}
