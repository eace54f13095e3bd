import type { Standing } from '../core/events.ts';
import type { ChunkRecord, Ledger, RunRecord } from '../ledger/ledger.ts';

/** How far earlier processes have brought a run, for whoever watches it go on. */
export async function standingOf(
  ledger: Ledger,
  { runId, readingFinished: isRead }: RunRecord,
): Promise<Standing> {
  const { records, requested, ok, failed } = await ledger.rowCounts(runId);
  const chunks = await ledger.chunks(runId);
  const open = chunks.flatMap(({ chunk, requests, state, intendedAt, batchId }) => {
    const shown = shownStates[state];
    return shown === undefined
      ? []
      : [{ chunk, requests, state: shown, since: intendedAt ?? undefined, batchId: batchId ?? undefined }];
  });
  const loadedFiles = chunks.filter(({ state }) => state === 'loaded').length;
  return { records, requested, isRead, ok, failed, loadedFiles, open };
}

const shownStates: Readonly<Partial<Record<ChunkRecord['state'], Standing['open'][number]['state']>>> = {
  sealed: 'sealed',
  uploading: 'sealed',
  uploaded: 'uploaded',
  creating: 'uploaded',
  submitted: 'running',
  ended: 'ended',
  downloaded: 'ended',
};
