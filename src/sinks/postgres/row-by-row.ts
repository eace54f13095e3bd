import type { ClientBase } from 'pg';
import type { LoadFailure } from '../../core/sink.ts';
import { quoteLiteral } from '../../pg/identifier.ts';
import { rowColumn, stage, type RowBounds, type RowRange } from './load-statements.ts';
import { leftOut, rowClasses, rowFailure } from './row-fault.ts';

interface Fault {
  readonly row: number;
  /** Missing where the row was left out without an error. */
  readonly code?: string;
  readonly message?: string;
  readonly detail?: string;
}

/**
 * Runs the statement for each row of the range by itself, all of them in one round trip, and leaves out the rows that
 * fail. Needs nothing but PL/pgSQL, which every user may use unless it was taken away.
 *
 * @returns the rows left out; null where this does not work here, and nothing was changed
 */
export async function loadRowByRow(
  client: ClientBase,
  { from, to }: RowRange,
  statement: (range: RowBounds) => string,
  isCounted: boolean,
): Promise<LoadFailure[] | null> {
  const each = statement({ from: 'batchline_row', to: 'batchline_row + 1' });
  const block = quoteLiteral(blockOf(each, from, to, isCounted));
  try {
    await client.query(`SAVEPOINT part; DO ${block}; RELEASE SAVEPOINT part`);
  } catch {
    // Halving finds the row, or the fault that no row is to blame for.
    await client.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    return null;
  }
  const { rows } = await client.query<{ faults: string }>(
    "SELECT current_setting('batchline.faults') AS faults",
  );
  const faults = JSON.parse(rows[0]?.faults ?? '[]') as readonly Fault[];
  return faults.map(({ row, message, code, detail }) =>
    code === undefined
      ? { row, ...leftOut }
      : rowFailure(row, Object.assign(new Error(message), { code, detail })),
  );
}

/** The faults go into a setting of the transaction: a block has no result, and a table would need another right. */
function blockOf(statement: string, from: number, to: number, isCounted: boolean): string {
  const classes = [...rowClasses].map(quoteLiteral).join(', ');
  return `
#variable_conflict use_column
DECLARE
  batchline_faults jsonb := '[]';
  batchline_detail text;
  batchline_count bigint;
BEGIN
  FOR batchline_row IN ${from} .. ${to - 1} LOOP
    BEGIN
      ${statement};
      GET DIAGNOSTICS batchline_count = ROW_COUNT;
      IF ${isCounted} AND batchline_count = 0
          AND EXISTS (SELECT FROM ${stage} WHERE ${rowColumn} = batchline_row) THEN
        batchline_faults := batchline_faults || jsonb_build_array(jsonb_build_object('row', batchline_row));
      END IF;
    EXCEPTION WHEN OTHERS THEN
      IF left(SQLSTATE, 2) NOT IN (${classes}) THEN RAISE; END IF;
      GET STACKED DIAGNOSTICS batchline_detail = PG_EXCEPTION_DETAIL;
      batchline_faults := batchline_faults || jsonb_build_array(jsonb_build_object(
        'row', batchline_row, 'code', SQLSTATE, 'message', SQLERRM, 'detail', batchline_detail));
    END;
  END LOOP;
  PERFORM set_config('batchline.faults', batchline_faults::text, true);
END`;
}
