import type { ClientBase } from 'pg';
import type { RunRow } from '../../core/run-row.ts';
import type {
  LoadFailure,
  LoadMark,
  LoadOutcome,
  MissingKeys,
  OpenedSink,
  PieceCounts,
  ResultBatch,
  SinkContext,
  SinkSample,
} from '../../core/sink.ts';
import { openDatabase, type Database } from '../../pg/connect.ts';
import { displayTable, parseTableName, type TableName } from '../../pg/identifier.ts';
import { tableId } from '../../pg/table-id.ts';
import { beginReadWrite } from '../../pg/transaction.ts';
import type { PostgresSinkConfig } from './config.ts';
import { RunsTable } from '../runs/runs-table.ts';
import { BatchLoader } from './batch-loader.ts';
import { ConnectionPool } from './connection-pool.ts';
import { createMissingTable, createUnlessThere, placeOf } from './create-table.ts';
import { deletePieces } from './delete-pieces.ts';
import { deleteMissing, rehearseDeleting } from './delete-missing.ts';
import { DeferredIndexes } from './deferred-indexes.ts';
import { findUnchanged } from './find-unchanged.ts';
import { keyedTable } from './keyed-table.ts';
import { createMarks, forgetLoads, marksOf } from './load-marks.ts';
import { loadPlan, type LoadPlan } from './load-plan.ts';
import { rehearse, tableMissing } from './rehearse.ts';
import { requestHashColumn } from './request-hash.ts';
import { sampleRows } from './sample-rows.ts';
import { checkTarget } from './target-checks.ts';
import { findTarget, type Target } from './target.ts';
import { writeRun } from './write-run.ts';

/** Connects and looks the table up. @throws BatchlineError */
export async function openPostgresSink(
  config: PostgresSinkConfig,
  context: SinkContext,
): Promise<OpenedSink> {
  const name = parseTableName(config.table);
  const { stateDir, signal } = context;
  const database = await openDatabase(config.url, { stateDir, role: 'sink', signal });
  const pool = new ConnectionPool(database, signal);
  try {
    const [target, id] = await pool.use('look up the sink table', async (client) => {
      const found = await findTarget(client, name, keyNames(context));
      return [found, found === null ? undefined : await tableId(client, found.name)] as const;
    });
    return new PostgresSink({ config, context, name, database, pool }, target, id);
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

function keyNames({ key }: SinkContext): readonly string[] {
  return key.map(({ name }) => name);
}

interface Parts {
  readonly config: PostgresSinkConfig;
  readonly context: SinkContext;
  /** As configured: a short name still looks along the search path. */
  readonly name: TableName;
  readonly database: Database;
  readonly pool: ConnectionPool;
}

class PostgresSink implements OpenedSink {
  readonly isReplaced = false;
  /** None where the table is still to be made, since no source can read it then. */
  readonly tableId: string | undefined;
  readonly #parts: Parts;
  #target: Target | null;
  #plan: LoadPlan | undefined;
  #loader: BatchLoader | undefined;
  #indexes: DeferredIndexes | undefined;
  readonly #runs: RunsTable | null;

  constructor(parts: Parts, target: Target | null, id: string | undefined) {
    this.#parts = parts;
    this.tableId = id;
    this.#target = target;
    this.#runs = RunsTable.of(parts.context, (table, row, isKept) =>
      parts.pool.use(`write ${displayTable(table)}`, (client) => writeRun(client, table, row, isKept)),
    );
  }

  get target(): string {
    return displayTable(this.#target?.name ?? this.#parts.name);
  }

  get keepsHash(): boolean {
    return this.#target?.columns.has(requestHashColumn) ?? this.#parts.config.create;
  }

  async rehearse(): Promise<void> {
    const { config, context, name, pool } = this.#parts;
    const { create, mode, indexes } = config;
    const target = this.#target;
    await pool.use(`rehearse loading ${this.target}`, async (client) => {
      await rehearse(client, { name, create, mode, indexes, context });
      // A table that is still to be made will be the user's own.
      if (config.deleted === 'delete' && target !== null)
        await rehearseDeleting(client, target, this.#planned(), context.key.length);
    });
    await this.#runs?.rehearse();
  }

  async recordRun(row: RunRow): Promise<void> {
    await this.#runs?.record(row);
  }

  async prepare(): Promise<void> {
    const { config, pool } = this.#parts;
    this.#target = await pool.use(`prepare ${this.target}`, async (client) => {
      await client.query(beginReadWrite);
      const target = this.#target ?? (await this.#create(client));
      const marks = marksOf(target.name);
      if (config.mode === 'insert' && (await findTarget(client, marks, [])) === null)
        await createUnlessThere(client, createMarks(marks));
      await client.query('COMMIT');
      return target;
    });
    await this.#deferred().takeOver(config.indexes === 'keep');
  }

  async #create(client: ClientBase): Promise<Target> {
    const { config, context, name } = this.#parts;
    if (config.create) await createMissingTable(client, await placeOf(client, name), context);
    const target = await findTarget(client, name, keyNames(context));
    if (target === null) throw tableMissing(name);
    return target;
  }

  async findUnchanged(
    keys: readonly (readonly string[])[],
    hashes: readonly string[],
  ): Promise<readonly boolean[]> {
    if (this.#target?.columns.has(requestHashColumn) !== true) return keys.map(() => false);
    const plan = this.#planned();
    return this.#parts.pool.use(`read ${this.target}`, (client) => findUnchanged(client, plan, keys, hashes));
  }

  async load(rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    if (this.#parts.config.indexes === 'defer') await this.#deferred().drop();
    return this.#batchLoader().load(rows, mark);
  }

  noteUnchanged(keys: readonly (readonly string[])[], runId: string): Promise<void> {
    return this.#batchLoader().noteUnchanged(keys, runId);
  }

  #batchLoader(): BatchLoader {
    const { pool, context } = this.#parts;
    const plan = this.#planned();
    this.#loader ??= new BatchLoader(pool, plan, keyedTable(pool, plan, context.key), context.stateDir);
    return this.#loader;
  }

  async deletePieces(records: PieceCounts): Promise<readonly LoadFailure[]> {
    const plan = this.#planned();
    if (!plan.deletesPieces) return [];
    return this.#parts.pool.use(`delete rows from ${this.target}`, (client) =>
      deletePieces(client, plan, records),
    );
  }

  deleteMissing(keys: MissingKeys): Promise<number> {
    const plan = this.#planned();
    return this.#parts.pool.use(`delete rows from ${this.target}`, (client) =>
      deleteMissing(client, plan, keys),
    );
  }

  /** Rows are visible, and there to stay, as soon as they are loaded. */
  async finish(): Promise<void> {
    await this.restore();
  }

  get setAside(): string | null {
    return this.#indexes?.notice ?? null;
  }

  async restore(): Promise<void> {
    if (this.#target !== null) await this.#deferred().restore();
  }

  #deferred(): DeferredIndexes {
    const { pool, context, name } = this.#parts;
    if (this.#target === null) throw tableMissing(name);
    this.#indexes ??= new DeferredIndexes(pool, this.#target, (message) => context.warn(message));
    return this.#indexes;
  }

  async continues(): Promise<boolean> {
    return true;
  }

  async holds(): Promise<boolean> {
    return true;
  }

  async restart(): Promise<void> {}

  async forgetLoads(runId: string, place: string): Promise<void> {
    const { config, pool } = this.#parts;
    const target = this.#target;
    if (config.mode !== 'insert' || target === null) return;
    await pool.use(`prepare ${this.target}`, (client) => forgetLoads(client, target.name, runId, place));
  }

  async sample(count: number, wanted: readonly (readonly string[])[] = []): Promise<SinkSample> {
    if (this.#target === null) throw tableMissing(this.#parts.name);
    const plan = this.#planned();
    return this.#parts.pool.use(`read ${this.target}`, (client) => sampleRows(client, plan, count, wanted));
  }

  #planned(): LoadPlan {
    const { config, context, name } = this.#parts;
    if (this.#target === null) throw tableMissing(name);
    if (this.#plan === undefined) {
      checkTarget(context, this.#target, config.mode);
      this.#plan = loadPlan(context, this.#target, config.mode);
    }
    return this.#plan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#loader?.[Symbol.dispose]();
    await this.#parts.pool[Symbol.asyncDispose]();
    await this.#parts.database[Symbol.asyncDispose]();
  }
}
