import { errorMessage, BatchlineError } from '../../core/errors.ts';
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
      const hint = error instanceof BatchlineError && error.hint !== undefined ? ` ${error.hint}` : '';
      const table = displayTable(this.#name);
      this.#context.warn(`runs_table ${table} cannot be written: ${errorMessage(error)}.${hint}`);
    }
  }

  record(row: RunRow): Promise<void> {
    return this.#write(this.#name, row, true);
  }
}

const emptyRow = Object.fromEntries(runColumnNames.map((name) => [name, null])) as RunRow;
