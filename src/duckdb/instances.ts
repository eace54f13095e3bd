import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { BatchlineError } from '../core/errors.ts';
import { loadDuckdb } from './load-duckdb.ts';

/** A use of an instance; the last one that ends closes it, and with it the file. */
export interface InstanceLease extends Disposable {
  readonly instance: DuckDBInstance;
}

export interface InstanceOptions {
  /** A database file, absolute; null for a database in memory. */
  readonly path: string | null;
  readonly isWritten: boolean;
  /** As DuckDB reads it: 128MB. */
  readonly memoryLimit: string;
  /** Where sorts and joins that outgrow the memory go. Made when it is needed. */
  readonly tempDir: string;
}

interface Shared {
  readonly opening: Promise<DuckDBInstance>;
  readonly isWritten: boolean;
  users: number;
}

/**
 * The files that this process has open. A file must be opened once a process: locks are the process's, so that a second
 * instance would neither be refused nor see what the first one writes.
 */
const open = new Map<string, Shared>();

/**
 * The files that this process writes to. Who only reads one of them opens it for writing too, since the writer has to
 * find it so.
 */
const written = new Set<string>();

/** @throws what DuckDB throws; BatchlineError `duckdb_in_use` where this process has it open for reading alone */
export async function leaseInstance(options: InstanceOptions): Promise<InstanceLease> {
  if (options.path === null) return ownInstance(options);
  const path = await canonical(options.path);
  if (options.isWritten) written.add(path);
  const isWritten = written.has(path);
  const found = open.get(path);
  if (found !== undefined && isWritten && !found.isWritten) throw inUse(options.path);
  const shared = found ?? { opening: create({ ...options, path, isWritten }), isWritten, users: 0 };
  open.set(path, shared);
  shared.users += 1;
  return lease(path, shared);
}

async function lease(path: string, shared: Shared): Promise<InstanceLease> {
  try {
    const instance = await shared.opening;
    return { instance, [Symbol.dispose]: () => release(path, shared, instance) };
  } catch (error) {
    release(path, shared);
    throw error;
  }
}

function release(path: string, shared: Shared, instance?: DuckDBInstance): void {
  shared.users -= 1;
  if (shared.users > 0) return;
  // Without a pause in between: whoever comes next opens it anew.
  open.delete(path);
  instance?.closeSync();
}

async function ownInstance(options: InstanceOptions): Promise<InstanceLease> {
  const instance = await create(options);
  return { instance, [Symbol.dispose]: () => instance.closeSync() };
}

async function create({ path, isWritten, memoryLimit, tempDir }: InstanceOptions): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await loadDuckdb();
  return DuckDBInstance.create(path ?? ':memory:', {
    access_mode: path === null || isWritten ? 'READ_WRITE' : 'READ_ONLY',
    threads: '2',
    memory_limit: memoryLimit,
    temp_directory: tempDir,
    preserve_insertion_order: 'true',
    // A machine without a network is told so, instead of waiting for one.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
}

async function canonical(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // A file that is yet to be made.
    return join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
  }
}

function inUse(path: string): BatchlineError {
  return new BatchlineError('duckdb_in_use', `${path} is being read by this run`, {
    where: path,
    hint: 'Let the source read another file than the sink writes.',
    retryable: true,
  });
}
