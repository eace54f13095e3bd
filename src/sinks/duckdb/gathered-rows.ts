import { BatchlineError } from '../../core/errors.ts';
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
const rowGroup = { plain: 20_480, withVectors: 4096 } as const;

/**
 * The rows of one run on their way into a Parquet file, in a table of a database beside it, with the marks of the loads
 * that brought them: a load that is repeated after a crash neither is lost nor counts twice.
 */
export class GatheredRows {
  readonly #path: string;
  readonly #context: SinkContext;
  /** The run whose rows are known to be there, and no other's. */
  #runId: string | undefined;
  #plan: LoadPlan | undefined;

  /** @param path the database, for messages */
  constructor(path: string, context: SinkContext) {
    this.#path = path;
    this.#context = context;
  }

  /** Creates what rows are gathered in, unless it is there. */
  async create(session: DuckSession): Promise<void> {
    const types = await typesFor(session, this.#context, parquetType);
    const gathered = createTable({ name: table, types, hasKey: false, keepsHash: false }, this.#context);
    // Either both or neither.
    await session.run(`BEGIN TRANSACTION; ${gathered}; ${createMarks(marks)}; COMMIT`);
  }

  async load(session: DuckSession, rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    if (this.#runId !== mark.runId) await this.#begin(session, mark.runId);
    return loadBatch(session, (this.#plan ??= await this.#planned(session)), rows, mark);
  }

  /** What another run has left is given up, and what was loaded into other columns; `hold` then tells what is missing. */
  async #begin(session: DuckSession, runId: string): Promise<void> {
    await this.create(session);
    if (!(await this.#isOurs(session, runId))) {
      const tables = [table, marks].map((name) => `DROP TABLE ${quoteTable(name)};`);
      await session.run(`BEGIN TRANSACTION; ${tables.join(' ')} COMMIT`);
      await this.create(session);
    }
    this.#runId = runId;
  }

  async #isOurs(session: DuckSession, runId: string): Promise<boolean> {
    const target = await findTarget(session, table);
    const wanted = this.#columns.map((name) => name.toLowerCase());
    if (target === null || wanted.join('\n') !== [...target.columns.keys()].join('\n')) return false;
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

  /** Whether so many rows of a run, and nothing else, are gathered. */
  async hold(session: DuckSession, rows: number, runId: string): Promise<boolean> {
    if (!(await this.#isOurs(session, runId))) return false;
    // A load that was repeated with other rows has left both behind.
    const [found] = await session.rows<[boolean]>(
      `SELECT (SELECT count(*) FROM ${quoteTable(table)}) = ${rows}
          AND (SELECT count(*) = count(DISTINCT chunk) FROM ${quoteTable(marks)})`,
    );
    return found?.[0] === true;
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
    const [row] = await session.rows<[number]>(`SELECT count(*)::INTEGER FROM ${quoteTable(table)}`);
    if (row?.[0] !== rows) throw this.lost();
    const names = this.#columns.map(quoteIdentifier);
    const group = this.#context.columns.some(({ isVector }) => isVector)
      ? rowGroup.withVectors
      : rowGroup.plain;
    const [run] = await session.rows<[string]>(`SELECT run_id FROM ${quoteTable(marks)} LIMIT 1`);
    const options = parquetOptions({ rowGroup: group, runId: run?.[0] ?? '' });
    // In the order in which they came, without a sort, which would hold them all in memory.
    const select = `SELECT ${names.join(', ')} FROM ${quoteTable(table)}`;
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
