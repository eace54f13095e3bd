import { realpath } from 'node:fs/promises';
import type { Pipeline } from '../config/pipeline.ts';
import { BatchlineError } from '../core/errors.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { OpenedSource } from '../core/source.ts';

interface TwoTables {
  readonly source: OpenedSource;
  readonly sink: OpenedSink;
  /** Whether rows that did not change are left out. */
  readonly skipsUnchanged: boolean;
}

/** What may not be where source and sink are one table, which only the databases can tell. @throws BatchlineError */
export function checkTables(pipeline: Pipeline, { source, sink, skipsUnchanged }: TwoTables): void {
  if (source.tableId === undefined || source.tableId !== sink.tableId) return;
  if (pipeline.sink['deleted'] === 'delete') throw deletesItself(sink);
  if (source.incremental !== undefined && !skipsUnchanged) throw feedsItself(sink);
}

/** A file that is read may not be replaced by the answers to its rows. @throws BatchlineError */
export async function checkFiles({ files = [] }: OpenedSource, sink: OpenedSink): Promise<void> {
  if (!sink.isReplaced || files.length === 0) return;
  const target = await existing(sink.target);
  if (target === null) return;
  for (const file of files) if ((await existing(file)) === target) throw replacesItself(sink);
}

/** The path without symbolic links; null where nothing is there. */
async function existing(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

function replacesItself({ target }: OpenedSink): BatchlineError {
  return new BatchlineError(
    'source_replaces_itself',
    `${target} is both source and sink: the answers would replace the rows that they belong to.`,
    { where: 'sink.path', hint: 'Write to another file, outside of what source.path matches.', exitCode: 2 },
  );
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
