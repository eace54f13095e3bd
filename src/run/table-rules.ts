import { BatchlineError } from '../core/errors.ts';
import type { Prepared } from './prepared.ts';

/** What only the opened source and sink can say about one another. @throws BatchlineError */
export function checkTables({
  source,
  sink,
  skipsUnchanged,
}: Pick<Prepared, 'source' | 'sink' | 'skipsUnchanged'>): void {
  const isOneTable = source.tableId !== undefined && source.tableId === sink.tableId;
  if (!isOneTable || source.incremental === undefined || skipsUnchanged) return;
  throw new BatchlineError(
    'incremental_feeds_itself',
    `${sink.target} is both source and sink, and has no column request_hash: each answer would change its row, so that the next run would buy it again.`,
    {
      where: 'source.incremental',
      hint: `Add the column (ALTER TABLE ${sink.target} ADD COLUMN request_hash text), or take \`incremental\` out.`,
      exitCode: 2,
    },
  );
}
