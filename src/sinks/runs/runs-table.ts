import { BatchlineError, errorMessage } from '../../core/errors.ts';
import { type RunRow, runColumnNames } from '../../core/run-row.ts';
import type { SinkContext } from '../../core/sink.ts';
import { displayTable, parseTableName, type TableName } from '../../pg/identifier.ts';

/** Writes a row in a transaction, making the table where it is missing; one that is not kept is rolled back. */
export type WriteRun = (table: TableName, row: RunRow, isKept: boolean) => Promise<void>;

/** The table beside the target that gets a row for each run. */
export class RunsTable {
  readonly #context: SinkContext;
  readonly #name: TableName;
  readonly #write: WriteRun;

  private constructor(context: SinkContext, name: TableName, write: WriteRun) {
    this.#context = context;
    this.#name = name;
    this.#write = write;
  }

  /** Null where the pipeline asks for none. */
  static of(context: SinkContext, write: WriteRun): RunsTable | null {
    const { runsTable } = context;
    return runsTable === undefined ? null : new RunsTable(context, parseTableName(runsTable), write);
  }

  /** Warns where a run could not be noted, which is no reason not to run. */
  async rehearse(): Promise<void> {
    try {
      await this.#write(this.#name, { ...emptyRow, run_id: 'rehearsal' }, false);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      const { message, hint } = this.#unwritable(error);
      this.#context.warn(`${message} ${hint}`);
    }
  }

  /** @throws BatchlineError `runs_table_unwritable` */
  async record(row: RunRow): Promise<void> {
    try {
      await this.#write(this.#name, row, true);
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  #unwritable(cause: unknown): BatchlineError {
    const table = displayTable(this.#name);
    const message = `runs_table ${table} cannot be written: ${errorMessage(cause)}.`;
    const usual = `Its primary key must be run_id, and this user must be allowed to SELECT, INSERT and UPDATE there, or to create it.`;
    const hint = (cause instanceof BatchlineError ? cause.hint : undefined) ?? usual;
    return new BatchlineError('runs_table_unwritable', message, { where: table, hint, cause });
  }
}

const emptyRow = Object.fromEntries(runColumnNames.map((name) => [name, null])) as RunRow;
