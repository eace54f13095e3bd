import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { BatchlineError } from '../core/errors.ts';
import { loadDuckdb } from './load-duckdb.ts';
import { textLiteral } from './sql-text.ts';

/** A use of an instance; the last one that ends closes it, and with it the file. */
export interface InstanceLease extends Disposable {
  readonly instance: DuckDBInstance;
  /** The database that its connections are to use, where that is not the one that they begin with. */
  readonly catalog: string | null;
}

export interface InstanceOptions {
  /** A database file, absolute; null for a database in memory. */
  readonly path: string | null;
  readonly isWritten: boolean;
  /** As DuckDB reads it: 128MB. */
  readonly memoryLimit: string;
  /** Where sorts and joins that outgrow the memory go. Made when it is needed. */
  readonly tempDir: string;
  /** How many rows of a table are kept together, for a file that is written: a multiple of 2,048. */
  readonly rowGroup: number;
}

type Instance = Omit<InstanceLease, typeof Symbol.dispose>;

interface Shared {
  readonly opening: Promise<Instance>;
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
    const opened = await shared.opening;
    return { ...opened, [Symbol.dispose]: () => release(path, shared, opened.instance) };
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
  const opened = await create(options);
  return { ...opened, [Symbol.dispose]: () => opened.instance.closeSync() };
}

async function create(options: InstanceOptions): Promise<Instance> {
  const { path, isWritten, memoryLimit, tempDir } = options;
  const { DuckDBInstance } = await loadDuckdb();
  const isAttached = path !== null && isWritten;
  const instance = await DuckDBInstance.create(isAttached ? ':memory:' : (path ?? ':memory:'), {
    access_mode: path === null || isWritten ? 'READ_WRITE' : 'READ_ONLY',
    threads: '2',
    memory_limit: memoryLimit,
    temp_directory: tempDir,
    preserve_insertion_order: 'true',
    // A machine without a network is told so, instead of waiting for one.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  if (!isAttached) return { instance, catalog: null };
  try {
    return { instance, catalog: await attach(instance, path, options.rowGroup) };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** A database would clash with these names. */
const reserved = /^(?:memory|temp|system|main)(?:\.|$)/i;

/** Only a database that is attached can be given the size of its row groups. @returns its name */
async function attach(instance: DuckDBInstance, path: string, rowGroup: number): Promise<string> {
  const connection = await instance.connect();
  try {
    const alias = reserved.test(basename(path)) ? ' AS batchline_target' : '';
    await connection.run(`ATTACH ${textLiteral(path)}${alias} (TYPE duckdb, ROW_GROUP_SIZE ${rowGroup})`);
    const found = await connection.runAndReadAll(
      "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'",
    );
    return String(found.getRows()[0]?.[0]);
  } finally {
    connection.closeSync();
  }
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
