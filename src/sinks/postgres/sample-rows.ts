import type { ClientBase } from 'pg';
import type { SinkSample } from '../../core/sink.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import { rollBack } from './copy-in.ts';
import type { LoadPlan } from './load-plan.ts';

/** The table's first rows by key; every value as Postgres prints it. */
export async function sampleRows(client: ClientBase, plan: LoadPlan, count: number): Promise<SinkSample> {
  const shown = plan.writesHash ? plan.columns.slice(0, -1) : plan.columns;
  const columns = shown.map(({ name }) => name);
  // Qualified, since a bare name would order by the printed text.
  const order = columns.slice(0, plan.keyCount).map((name) => `target.${quoteIdentifier(name)}`);
  const texts = columns.map((name) => `target.${quoteIdentifier(name)}::text`);
  try {
    await client.query(beginReadOnly);
    const { rows } = await client.query<(string | null)[]>({
      text: `SELECT ${texts.join(', ')} FROM ${quoteTable(plan.table)} AS target
        ORDER BY ${order.join(', ')} LIMIT $1`,
      values: [count],
      rowMode: 'array',
    });
    await client.query('COMMIT');
    return { columns, rows };
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}
