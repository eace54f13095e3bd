import { failedRowJson } from '../run/failed-rows-file.ts';
import { failureGroups, pendingGroups } from '../run/failure-groups.ts';
import { pendingRows, type PendingRow } from '../run/pending-rows.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';
import type { Main } from './context.ts';
import { findRuns, sayWhich, type SeenRuns } from './find-run.ts';
import { counted } from './render/words.ts';

/**
 * `pipeline errors [RUN]`: a run's failed rows with their reasons, a line each, or a line a reason; then those that wait,
 * marked as such.
 */
export const main: Main = async ([what], options, context) => {
  await using found: SeenRuns = await findRuns(what, options, context);
  const [run] = found.runs;
  if (run !== undefined) sayWhich(run, what, { options, context });
  const isJson = options['json'] === true;
  const lines = options['by'] === undefined ? rowLines : groupLines;
  let printed = 0;
  if (run !== undefined)
    for await (const { json, text } of lines(found.ledger, run)) {
      printed += 1;
      context.print(isJson ? JSON.stringify(json) : text);
    }
  if (printed === 0 && !isJson) context.print('No row failed.');
  return 0;
};

/** What is told of a row, or of a reason. */
interface Line {
  readonly json: object;
  readonly text: string;
}

async function* rowLines(ledger: LedgerReader, run: RunRecord): AsyncGenerator<Line> {
  for await (const row of ledger.failedRows(run.runId)) yield rowLine(row, false);
  for await (const row of pendingRows(ledger, run)) yield rowLine(row, true);
}

function rowLine(row: PendingRow, isPending: boolean): Line {
  return {
    json: { ...failedRowJson(row), ...(isPending && { pending: true }) },
    text: `${row.key.join(', ')}  ${stageOf(row, isPending)}  ${row.code}  ${row.message}`,
  };
}

/** The same, by code, with one of the rows each. */
async function* groupLines(ledger: LedgerReader, run: RunRecord): AsyncGenerator<Line> {
  for (const group of await failureGroups(ledger, run.runId)) yield groupLine(group, false);
  for (const group of await pendingGroups(ledger, run)) yield groupLine(group, true);
}

interface Group {
  readonly stage: string;
  readonly code: string;
  readonly rows: number;
  readonly example: PendingRow;
}

function groupLine({ stage, code, rows, example }: Group, isPending: boolean): Line {
  const { key, message } = failedRowJson(example);
  return {
    json: { stage, code, rows, key, message, ...(isPending && { pending: true }) },
    text: `${counted(rows, 'row')}  ${stageOf(example, isPending)}  ${code}  ${example.key.join(', ')}: ${message}`,
  };
}

function stageOf({ stage }: PendingRow, isPending: boolean): string {
  return isPending ? `pending, ${stage}` : stage;
}
