import type { Pipeline } from '../config/pipeline.ts';
import { BatchlineError } from '../core/errors.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { Prepared } from './prepared.ts';

/** What may not be where source and sink are one table, which only the databases can tell. @throws BatchlineError */
export function checkTables(
  pipeline: Pipeline,
  { source, sink, skipsUnchanged }: Pick<Prepared, 'source' | 'sink' | 'skipsUnchanged'>,
): void {
  if (source.tableId === undefined || source.tableId !== sink.tableId) return;
  if (pipeline.sink['deleted'] === 'delete') throw deletesItself(sink);
  if (source.incremental !== undefined && !skipsUnchanged) throw feedsItself(sink);
}

function deletesItself({ target }: OpenedSink): BatchlineError {
  return new BatchlineError(
    'source_deletes_itself',
    `${target} is both source and sink: what the source leaves out would be deleted from it.`,
    { where: 'sink.deleted', hint: 'Take `deleted: delete` out.', exitCode: 2 },
  );
}

function feedsItself({ target }: OpenedSink): BatchlineError {
  return new BatchlineError(
    'incremental_feeds_itself',
    `${target} is both source and sink, and has no column request_hash: each answer would change its row, so that the next run would buy it again.`,
    {
      where: 'source.incremental',
      hint: `Add the column (ALTER TABLE ${target} ADD COLUMN request_hash text), or take \`incremental\` out.`,
      exitCode: 2,
    },
  );
}
