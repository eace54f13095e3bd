import type { ClientBase } from 'pg';
import { errorCode } from '../../core/errors.ts';
import { displayTable, quoteTable, type TableName } from '../../pg/identifier.ts';
import { beginReadWrite } from '../../pg/transaction.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { rollBack } from './copy-in.ts';
import { createUnlessThere } from './create-table.ts';
import {
  buildStatements,
  createDeferred,
  deferrableMethods,
  deferredOf,
  dropIndex,
  forget,
  qualifyAll,
  selectDeferred,
  selectDeferredNames,
  selectIndexes,
  selectIsThere,
  writeDown,
  type IndexDefinition,
} from './index-statements.ts';
import { findTarget, type Target } from './target.ts';

/**
 * A target's vector indexes, dropped before the first load and built again when the run has ended. An index is dropped in
 * the transaction that writes it down, and forgotten in the one that builds it, so that whatever crashes between, every
 * later run finds what is to be built.
 */
export class DeferredIndexes {
  readonly #pool: ConnectionPool;
  readonly #target: Target;
  readonly #warn: (message: string) => void;
  #dropping: Promise<void> | undefined;
  /** Names of those that are dropped now, as far as this process knows. */
  #dropped: readonly string[] = [];

  constructor(pool: ConnectionPool, target: Target, warn: (message: string) => void) {
    this.#pool = pool;
    this.#target = target;
    this.#warn = warn;
  }

  /** What to tell a user who leaves now; null where nothing is dropped. */
  get notice(): string | null {
    if (this.#dropped.length === 0) return null;
    const table = displayTable(this.#target.name);
    const names = this.#dropped.join(', ');
    const place = displayTable(deferredOf(this.#target.name));
    return `Vector indexes of ${table} are still dropped: ${names}. The end of this run builds them again, and so does any later run, load or cancel that ends with this table as its sink; their definitions stand in ${place}.`;
  }

  /** Finds what an earlier process has left dropped, and with `builds` builds it. */
  async takeOver(builds: boolean): Promise<void> {
    this.#dropped = await this.#pool.use('look for dropped indexes', (client) =>
      deferredNames(client, this.#target.name),
    );
    if (!builds || this.#dropped.length === 0) return;
    try {
      await this.restore();
    } catch (error) {
      // Rows can be loaded all the same, by a user who may do no more than that.
      if (errorCode(error) !== 'permission_denied') throw error;
      this.#warn(`${this.notice ?? ''} This user may not build them.`);
    }
  }

  /** Drops the indexes once; a failed attempt may be repeated. */
  async drop(): Promise<void> {
    this.#dropping ??= this.#dropNow();
    try {
      await this.#dropping;
    } catch (error) {
      this.#dropping = undefined;
      throw error;
    }
  }

  async #dropNow(): Promise<void> {
    const doing = `drop the vector indexes of ${displayTable(this.#target.name)}`;
    const names = await this.#pool.use(doing, (client) => dropAll(client, this.#target));
    this.#dropped = [...new Set([...this.#dropped, ...names])];
  }

  /** Builds what is dropped, each index in a transaction of its own. */
  async restore(): Promise<void> {
    const { name } = this.#target;
    const names = await this.#pool.use('look for dropped indexes', (client) => deferredNames(client, name));
    for (const index of names) {
      await this.#pool.use(`build index ${index}`, (client) => build(client, this.#target, index));
      this.#dropped = this.#dropped.filter((dropped) => dropped !== index);
    }
    this.#dropped = [];
    this.#dropping = undefined;
  }
}

export async function vectorIndexes(
  client: ClientBase,
  { oid }: Target,
): Promise<readonly IndexDefinition[]> {
  return (await client.query<IndexDefinition>(selectIndexes, [oid, deferrableMethods])).rows;
}

async function deferredNames(client: ClientBase, name: TableName): Promise<readonly string[]> {
  const deferred = deferredOf(name);
  if ((await findTarget(client, deferred, [])) === null) return [];
  const { rows } = await client.query<{ name: string }>(selectDeferredNames(deferred), [name.table]);
  return rows.map((row) => row.name);
}

/** To wait for the table's lock holds up everybody else who comes to the table: better to try again a little later. */
const shortWait = "SET LOCAL lock_timeout = '3s'";

async function dropAll(client: ClientBase, target: Target): Promise<readonly string[]> {
  if ((await vectorIndexes(client, target)).length === 0) return [];
  const { name } = target;
  const deferred = deferredOf(name);
  try {
    await client.query(`${beginReadWrite}; ${shortWait}; ${qualifyAll}`);
    await createUnlessThere(client, createDeferred(deferred));
    await client.query(`LOCK TABLE ${quoteTable(name)} IN ACCESS EXCLUSIVE MODE`);
    const indexes = await vectorIndexes(client, target);
    for (const index of indexes) {
      const { definition, tablespace, comment } = index;
      await client.query(writeDown(deferred), [name.table, index.name, definition, tablespace, comment]);
      await client.query(dropIndex(name, index.name));
    }
    await client.query('COMMIT');
    return indexes.map((index) => index.name);
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

async function build(client: ClientBase, target: Target, name: string): Promise<void> {
  const deferred = deferredOf(target.name);
  const entry = [target.name.table, name];
  try {
    // However long it takes.
    await client.query(`${beginReadWrite}; SET LOCAL statement_timeout = 0`);
    const { rows } = await client.query<IndexDefinition>(selectDeferred(deferred), entry);
    const [index] = rows;
    if (index !== undefined && !(await isThere(client, target, name)))
      for (const statement of buildStatements(target.name, index)) await client.query(statement);
    await client.query(forget(deferred), entry);
    await client.query('COMMIT');
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

/** An index that somebody has made by hand since. */
async function isThere(client: ClientBase, { oid }: Target, name: string): Promise<boolean> {
  return (await client.query(selectIsThere, [oid, name])).rowCount !== 0;
}
