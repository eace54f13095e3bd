import { BatchlineError, errorCode } from '../core/errors.ts';
import { retry, type RetryPolicy } from '../core/retry.ts';
import type { OpenedSource } from '../core/source.ts';
import { fromWire } from '../core/wire-text.ts';
import { openSource } from '../job/open-parts.ts';
import type { Loading } from '../job/job.ts';
import { fingerprint, flagsOf, partialFlag } from '../job/fingerprint.ts';

/** About two minutes of waiting for a database that went away, or whose rows others are changing. */
const deleteRetry: RetryPolicy = { attempts: 8, firstWaitMs: 500, longestWaitMs: 60_000 };

/** Whether rows of the target are to go when their source row is gone. */
export function deletesGone({ loaded }: Pick<Loading, 'loaded'>): boolean {
  return loaded.pipeline.sink['deleted'] === 'delete';
}

/**
 * Deletes the target's rows whose source row is gone, at the end of a run that has loaded all others. The keys are read
 * once more for it, all of them: a row that was filtered out, or failed, is there. May be called again.
 *
 * @returns how many rows; null where none was to be deleted, or none could safely be
 * @throws BatchlineError `empty_source` where that would be all rows, unless `yes`
 */
export async function deleteGone(loading: Loading, yes: boolean): Promise<number | null> {
  const { run, prepared, host } = loading;
  // A trial, whose target is another one than the file's.
  if (!deletesGone(loading) || partialFlag(flagsOf(run)) !== null) return null;
  try {
    const deleted = await retry({ ...deleteRetry, signal: host.signals.drain }, () =>
      deleteOnce(loading, yes),
    );
    host.emit({ type: 'RowsDeleted', rows: deleted });
    return deleted;
  } catch (error) {
    if (!(error instanceof BatchlineError) || errorCode(error) !== unsure) throw error;
    const message = `${error.message} Nothing was deleted from ${prepared.sink.target}.`;
    host.emit({ type: 'Warned', message });
    return null;
  }
}

const unsure = 'unsure_what_is_gone';

async function deleteOnce(loading: Loading, yes: boolean): Promise<number> {
  const { prepared, loaded, host } = loading;
  const { sink } = prepared;
  if (sink.deleteMissing === undefined) throw new Error(`${sink.target} cannot delete rows.`);
  await using source = await openSource(loaded, host);
  requireSameSource(loading, source);
  const batches = keysOf(loading, source, yes);
  return await sink.deleteMissing({ parts: source.keyFields.length, batches });
}

/** Whatever throws in here breaks the deletion off. */
async function* keysOf(loading: Loading, source: OpenedSource, yes: boolean) {
  const { loaded, host, prepared } = loading;
  let rows = 0;
  for await (const batch of source.read({ fields: [], signal: host.signals.drain })) {
    rows += batch.length;
    const columns: string[][] = source.keyFields.map(() => []);
    for (let row = 0; row < batch.length; row += 1) {
      const parts = columns.map((_, part) => batch.keyPart(row, part));
      // A row without a key stands for no row of the target.
      if (parts.includes(null)) continue;
      for (const [part, text] of parts.entries()) if (text !== null) columns[part]?.push(fromWire(text));
    }
    yield columns;
  }
  if (source.badRecords > 0) {
    throw new BatchlineError(
      unsure,
      `${source.badRecords} records of the source could not be read, so their rows cannot be told from those that are gone.`,
    );
  }
  if (rows === 0 && !yes) throw emptySource(prepared.sink.target);
  // A file that is being replaced may have been cut short.
  if (Object.keys(source.fingerprint).length === 0) return;
  await using again = await openSource(loaded, host);
  requireSameSource(loading, again);
}

/** What is gone from another source than the run's says nothing. */
function requireSameSource({ loaded, run }: Loading, source: OpenedSource): void {
  const now = sourceParts(fingerprint(loaded.pipeline, {}, source.fingerprint, {}).parts);
  if (now === sourceParts(run.fingerprintParts)) return;
  throw new BatchlineError(unsure, `The source is another one than run ${run.runId} has read.`);
}

function sourceParts(parts: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(parts).filter(([name]) => name.startsWith('source')));
}

/** An empty source is rarely meant: a table that was just recreated, a file that is still being written. */
export function emptySource(target: string): BatchlineError {
  return new BatchlineError(
    'empty_source',
    `The source has no rows, so ${target} would be left without any.`,
    {
      where: target,
      hint: 'Pass --yes where that is meant; else see to the source and run again.',
      exitCode: 4,
    },
  );
}
