import { dirname, resolve } from 'node:path';
import { BatchlineError } from '../../core/errors.ts';
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
import type { DuckSession } from '../../duckdb/session.ts';
import { tableId } from '../../duckdb/table-id.ts';
import { exists } from '../../files/exists.ts';
import { parseTableName, quoteTable, type TableName } from '../../pg/identifier.ts';
import { KeyCollisions } from '../keys/key-collisions.ts';
import { checkNotFolder, checkWritable } from '../file/folder-checks.ts';
import { loadBatch } from './batch-loader.ts';
import { createTable, typesFor } from './create-table.ts';
import { createdType } from './created-type.ts';
import { DuckFile } from './duck-file.ts';
import { deleteMissing } from './delete-missing.ts';
import { deletePieces } from './delete-pieces.ts';
import { findUnchanged } from './find-unchanged.ts';
import { keyedTable } from './keyed-table.ts';
import { createMarks, forgetLoads, marksOf } from './load-marks.ts';
import { loadPlan, requestHashColumn, type LoadMode, type LoadPlan } from './load-plan.ts';
import { rehearseInFile, rehearseInMemory } from './rehearse.ts';
import { rowsOfKeys, sampleRows } from './sample-rows.ts';
import { checkTarget, displayName, tableMissing } from './target-checks.ts';
import { findTarget, type Target } from './target.ts';
import { RunsTable } from '../runs/runs-table.ts';
import { writeRun } from './write-run.ts';
import { makeFolder } from '../../files/make-folder.ts';

export interface TableSinkConfig {
  readonly path: string;
  readonly table: string;
  readonly mode: LoadMode;
  readonly create: boolean;
  readonly deleted: 'keep' | 'delete';
}

/** Looks the table up, where the file is there. @throws BatchlineError */
export async function openTableSink(config: TableSinkConfig, context: SinkContext): Promise<OpenedSink> {
  const name = parseTableName(config.table);
  const path = resolve(context.baseDir, config.path);
  await checkNotFolder(path);
  const file = new DuckFile(path, context);
  const target = (await exists(path)) ? await file.read((session) => findTarget(session, name)) : null;
  const id = target === null ? undefined : await tableId(path, target.name.schema, target.name.table);
  return new TableSink({ config, context, name, file }, target, id);
}

interface Parts {
  readonly config: TableSinkConfig;
  readonly context: SinkContext;
  readonly name: TableName;
  readonly file: DuckFile;
}

class TableSink implements OpenedSink {
  readonly isReplaced = false;
  /** None where the table is still to be made, since no source can read it then. */
  readonly tableId: string | undefined;
  readonly #parts: Parts;
  #target: Target | null;
  #plan: LoadPlan | undefined;
  #collisions: KeyCollisions | undefined;
  readonly #runs: RunsTable | null;

  constructor(parts: Parts, target: Target | null, id: string | undefined) {
    this.#parts = parts;
    this.tableId = id;
    this.#target = target;
    this.#runs = RunsTable.of(parts.context, (table, row, isKept) =>
      parts.file.write((session) => writeRun(session, table, row, isKept)),
    );
  }

  get target(): string {
    return displayName(this.#target?.name ?? this.#parts.name);
  }

  get keepsHash(): boolean {
    return this.#target?.columns.has(requestHashColumn) ?? this.#parts.config.create;
  }

  async rehearse(): Promise<void> {
    const { config, context, name, file } = this.#parts;
    const { create, mode, deleted } = config;
    await checkWritable(file.path);
    const rehearsal = { name, create, mode, deletes: deleted === 'delete', context };
    if (await exists(file.path)) {
      await file.write((session) => rehearseInFile(session, rehearsal));
      return this.#runs?.rehearse();
    }
    if (!create) throw databaseMissing(file.path);
    await rehearseInMemory(rehearsal);
  }

  async recordRun(row: RunRow): Promise<void> {
    await this.#runs?.record(row);
  }

  async prepare(): Promise<void> {
    const { config, file } = this.#parts;
    if (config.create) await makeFolder(dirname(file.path));
    else if (!(await exists(file.path))) throw databaseMissing(file.path);
    this.#target = await file.write(async (session) => {
      const target = this.#target ?? (await this.#create(session));
      if (config.mode === 'insert') await session.run(createMarks(marksOf(target.name)));
      return target;
    });
  }

  async #create(session: DuckSession): Promise<Target> {
    const { config, context, name } = this.#parts;
    const there = await findTarget(session, name);
    if (there !== null) return there;
    if (!config.create) throw tableMissing(name);
    const types = await typesFor(session, context, createdType);
    await session.run(createTable({ name, types, hasKey: true, keepsHash: true }, context));
    return (await findTarget(session, name)) ?? fail(name);
  }

  async findUnchanged(
    keys: readonly (readonly string[])[],
    hashes: readonly string[],
  ): Promise<readonly boolean[]> {
    if (this.#target?.columns.has(requestHashColumn) !== true) return keys.map(() => false);
    const plan = this.#planned();
    return this.#parts.file.write((session) => findUnchanged(session, plan, keys, hashes));
  }

  load(rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    const load = (without: readonly LoadFailure[]): Promise<LoadOutcome> =>
      this.#parts.file.write((session) => loadBatch(session, this.#planned(), rows, mark, without));
    return this.#parts.config.mode === 'insert'
      ? load([])
      : this.#keyCollisions().load(rows, mark.runId, load);
  }

  async noteUnchanged(keys: readonly (readonly string[])[], runId: string): Promise<void> {
    if (this.#parts.config.mode !== 'insert') await this.#keyCollisions().note(keys, runId);
  }

  #keyCollisions(): KeyCollisions {
    const { file, context } = this.#parts;
    this.#collisions ??= new KeyCollisions(keyedTable(file, this.#planned(), context.key), context.stateDir);
    return this.#collisions;
  }

  async continues(): Promise<boolean> {
    return true;
  }

  async deletePieces(records: PieceCounts): Promise<readonly LoadFailure[]> {
    const plan = this.#planned();
    if (!plan.deletesPieces) return [];
    return this.#parts.file.write((session) => deletePieces(session, plan, records));
  }

  /** The keys can be read only once: where the memory was too little, the caller begins again. */
  async deleteMissing(keys: MissingKeys): Promise<number> {
    let hasBegun = false;
    return this.#parts.file.write((session) => {
      if (hasBegun) throw tooLittleMemory(this.target);
      hasBegun = true;
      return deleteMissing(session, this.#planned(), keys);
    });
  }

  async holds(): Promise<boolean> {
    return true;
  }

  async restart(): Promise<void> {}

  async forgetLoads(runId: string, place: string): Promise<void> {
    const { config, file } = this.#parts;
    const target = this.#target;
    if (config.mode !== 'insert' || target === null) return;
    await file.write((session) => forgetLoads(session, target.name, runId, place));
  }

  /** Rows are visible as soon as they are loaded; other processes see them when they open the file. */
  async finish(): Promise<void> {
    await this.#parts.file.close();
  }

  async sample(count: number, wanted: readonly (readonly string[])[] = []): Promise<SinkSample> {
    const { file, name } = this.#parts;
    if (this.#target === null) throw tableMissing(name);
    const plan = this.#planned();
    const { columns, keyCount, writesHash, table } = plan;
    const names = (writesHash ? columns.slice(0, -1) : columns).map((column) => column.name);
    const keys = names.slice(0, keyCount);
    const keyOf = (row: SinkSample['rows'][number]): string => JSON.stringify(row.slice(0, keyCount));
    return file.read(async (session) => {
      const others = await sampleRows(session, quoteTable(table), names, keys, count);
      if (wanted.length === 0) return others;
      const first = await sampleRows(session, rowsOfKeys(plan, wanted), names, keys, count);
      const seen = new Set(first.rows.map(keyOf));
      const rows = [...first.rows, ...others.rows.filter((row) => !seen.has(keyOf(row)))];
      return { columns: names, rows: rows.slice(0, count) };
    });
  }

  #planned(): LoadPlan {
    const { config, context, name } = this.#parts;
    if (this.#target === null) throw tableMissing(name);
    if (this.#plan === undefined) {
      checkTarget(context, this.#target);
      this.#plan = loadPlan(context, this.#target, config.mode);
    }
    return this.#plan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#collisions?.[Symbol.dispose]();
    await this.#parts.file[Symbol.asyncDispose]();
  }
}

function fail(name: TableName): never {
  throw tableMissing(name);
}

function tooLittleMemory(target: string): BatchlineError {
  return new BatchlineError('duckdb_memory_short', 'comparing the keys needs more memory', {
    where: target,
    retryable: true,
  });
}

function databaseMissing(path: string): BatchlineError {
  return new BatchlineError('database_missing', `there is no file ${path}`, {
    where: path,
    hint: 'Set create: true in the sink, or correct sink.path.',
  });
}
