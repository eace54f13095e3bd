import { resolve } from 'node:path';
import { BatchlineError } from '../core/errors.ts';
import { duration } from '../core/quantity.ts';
import { exists } from '../files/exists.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import { collectLocal, collectRemote, isGarbage } from '../run/collect-garbage.ts';
import type { Main } from './context.ts';
import { findRuns } from './find-run.ts';
import { loadForRun, withProgress } from './pipeline-command.ts';
import { reportError } from './report-error.ts';

/** `pipeline gc`: deletes remote and local files of runs that ended. */
export const main: Main = async (_args, options, context) => {
  await using found = await findRuns(undefined, options, context);
  const { ledger } = found;
  const before = Date.now() - age(String(options['olderThan']));
  const garbage = found.runs.filter((run) => isGarbage(run, before));
  const stateDir = resolve(context.cwd, String(options['state']));
  let remoteFiles = 0;
  let code = 0;
  const places = Map.groupBy(found.runs, ({ path, selection }) => JSON.stringify([path, selection.target]));
  for (const runs of places.values()) {
    try {
      const [first] = runs;
      if (first === undefined) continue;
      const loaded = await loadForRun(first, options, context);
      const ended = runs.filter((run) => isGarbage(run, before));
      remoteFiles += await withProgress(options, context, (host) =>
        collectRemote({ ledger, host, before }, loaded, ended),
      );
    } catch (error) {
      // A pipeline file that is gone keeps no other run's files from being deleted.
      code = Math.max(code, reportError(error, context, options));
    }
  }
  const folders = await deleteFolders(stateDir, garbage);
  await ledger.forgetEvents(before);
  if (options['json'] === true)
    context.print(JSON.stringify({ remote_files: remoteFiles, folders: folders.map(({ runId }) => runId) }));
  else if (options['quiet'] !== true)
    context.print(`Deleted ${remoteFiles} files at providers and the folders of ${folders.length} runs.`);
  return code;
};

function age(text: string): number {
  const parsed = duration.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new BatchlineError('bad_duration', `--older-than ${text} is no duration.`, {
    hint: 'Write it like 12h or 7d.',
    exitCode: 2,
  });
}

/** @returns the runs whose folders were deleted */
async function deleteFolders(stateDir: string, runs: readonly RunRecord[]): Promise<readonly RunRecord[]> {
  const deleted: RunRecord[] = [];
  for (const run of runs) {
    if ((await exists(run.folder)) && (await collectLocal(stateDir, run))) deleted.push(run);
  }
  return deleted;
}
