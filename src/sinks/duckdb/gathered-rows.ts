import { BatchlineError } from '../../core/errors.ts';
import { rowShape } from '../../core/row-shape.ts';
import type { LoadMark, LoadOutcome, ResultBatch, SinkContext } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { loadBatch } from './batch-loader.ts';
import { createTable, typesFor } from './create-table.ts';
import { parquetType } from './created-type.ts';
import { createMarks, marksOf } from './load-marks.ts';
import { loadPlan, type LoadPlan } from './load-plan.ts';
import { parquetOptions } from './parquet-file.ts';
import { findTarget } from './target.ts';

const table = { schema: 'main', table: 'gathered' } as const;
const marks = marksOf(table);

/** What Parquet keeps together in memory while it is written; vectors are large. */
const rowGroup = { plain: 20_480, withVectors: 2048 } as const;

/**
 * The rows of one run on their way into a Parquet file, in a table of a database beside it, with the marks of the loads
 * that brought them: a load that is repeated after a crash neither is lost nor counts twice.
 */
export class GatheredRows {
  readonly #path: string;
  readonly #context: SinkContext;
  /** Stands as the table's comment beside the rows that were gathered for it. */
  readonly shape: string;
  /** The run whose rows are known to be there, and no other's. */
  #runId: string | undefined;
  #plan: LoadPlan | undefined;

  /** @param path the database, for messages */
  constructor(path: string, context: SinkContext) {
    this.#path = path;
    this.#context = context;
    this.shape = rowShape(context);
  }

  /** Creates what rows are gathered in, unless it is there. */
  async create(session: DuckSession): Promise<void> {
    const types = await typesFor(session, this.#context, parquetType);
    const gathered = createTable({ name: table, types, hasKey: false, keepsHash: false }, this.#context);
    const comment = `COMMENT ON TABLE ${quoteTable(table)} IS ${textLiteral(this.shape)}`;
    // Either all or nothing.
    await session.run(`BEGIN TRANSACTION; ${gathered}; ${comment}; ${createMarks(marks)}; COMMIT`);
  }

  async load(session: DuckSession, rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    if (this.#runId !== mark.runId) await this.#begin(session, mark.runId);
    return loadBatch(session, (this.#plan ??= await this.#planned(session)), rows, mark);
  }

  /** What another run has left is given up, and what was loaded into other columns; `hold` then tells what is missing. */
  async #begin(session: DuckSession, runId: string): Promise<void> {
    if (!(await this.#isOurs(session, runId))) {
      const tables = [table, marks].map((name) => `DROP TABLE IF EXISTS ${quoteTable(name)};`);
      await session.run(`BEGIN TRANSACTION; ${tables.join(' ')} COMMIT`);
      await this.create(session);
    }
    this.#runId = runId;
  }

  async #isOurs(session: DuckSession, runId: string): Promise<boolean> {
    const [made] = await session.rows<[string | null]>(
      `SELECT comment FROM duckdb_tables() WHERE database_name = current_database()
        AND schema_name = '${table.schema}' AND table_name = '${table.table}'`,
    );
    if (made?.[0] !== this.shape) return false;
    const others = await session.rows(`SELECT 1 FROM ${quoteTable(marks)} WHERE run_id <> $1 LIMIT 1`, [
      runId,
    ]);
    return others.length === 0;
  }

  async #planned(session: DuckSession): Promise<LoadPlan> {
    const target = await findTarget(session, table);
    if (target === null) throw this.lost();
    return loadPlan(this.#context, target, 'insert');
  }

  /** Whether rows of a run, and nothing else, are gathered. */
  async continue(session: DuckSession, runId: string): Promise<boolean> {
    if (!(await this.#isOurs(session, runId))) return false;
    // A load that was repeated with other rows has left both behind.
    const [found] = await session.rows<[boolean]>(
      `SELECT count(*) > 0 AND count(*) = count(DISTINCT chunk) FROM ${quoteTable(marks)}`,
    );
    return found?.[0] === true;
  }

  async count(session: DuckSession): Promise<number> {
    const [found] = await session.rows<[number]>(`SELECT count(*)::INTEGER FROM ${quoteTable(table)}`);
    return found?.[0] ?? 0;
  }

  /** To be called when the database was removed. */
  forget(): void {
    this.#runId = undefined;
    this.#plan = undefined;
  }

  get #columns(): readonly string[] {
    return [...this.#context.key, ...this.#context.columns].map(({ name }) => name);
  }

  /**
   * @param rows how many must be there: another run may have used the same database in between
   * @throws BatchlineError where there are others
   */
  async writeParquet(session: DuckSession, path: string, rows: number): Promise<void> {
    if ((await findTarget(session, table)) === null) throw this.lost();
    if ((await this.count(session)) !== rows) throw this.lost();
    const names = this.#columns.map(quoteIdentifier);
    const group = this.#context.columns.some(({ isVector }) => isVector)
      ? rowGroup.withVectors
      : rowGroup.plain;
    const [run] = await session.rows<[string]>(`SELECT run_id FROM ${quoteTable(marks)} LIMIT 1`);
    const options = parquetOptions({ rowGroup: group, runId: run?.[0] ?? '', shape: this.shape });
    // In the order in which they came, without a sort, which would hold them all in memory.
    const select = `SELECT ${names.join(', ')} FROM ${quoteTable(table)}`;
    // One thread: each would hold a row group.
    await session.run('SET threads = 1');
    await session.run(`COPY (${select}) TO ${textLiteral(path)} (${options})`);
  }

  lost(): BatchlineError {
    return new BatchlineError(
      'partial_file_lost',
      `${this.#path} does not hold the rows that were loaded into it`,
      {
        where: this.#path,
        hint: 'Build the files anew with `pipeline build`, and load all their results: what was paid for is in them.',
      },
    );
  }
}
