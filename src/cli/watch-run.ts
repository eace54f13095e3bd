import { sleep } from '../core/async.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { seeRun } from '../run/seen-run.ts';
import type { CommandContext } from './context.ts';
import { forecastText } from './forecast-text.ts';
import { batchesOn, frameLines, type FrameState, type Screen } from './render/frame.ts';
import { spanText } from './render/moments.ts';
import { paintFor } from './render/paint.ts';
import { Repainted } from './render/repainted.ts';

const tickMs = 1000;
/** Where nothing can be drawn over, a line is enough now and then. */
const plainTickMs = 10_000;

/** Shows a run from the ledger alone, until it ends, nobody works on it, or the first signal; then nothing is left of it. */
export async function watchRun(
  ledger: LedgerReader,
  runId: string,
  { stderr, env, signals }: CommandContext,
): Promise<void> {
  const isDrawn = stderr.isTTY === true && env['TERM'] !== 'dumb';
  const repainted = new Repainted(stderr);
  const paint = paintFor(env);
  try {
    while (!signals.drain.aborted) {
      const run = await ledger.run(runId);
      if (run === null || !(await isUnderWay(ledger, run))) return;
      const now = Date.now();
      const screen = { columns: stderr.columns ?? 80, rows: stderr.rows ?? 24 };
      const state = await stateOf(ledger, run, screen, now);
      if (isDrawn) repainted.draw(frameLines(state, screen, now, paint));
      else stderr.write(`${plainLine(state, now)}\n`);
      await sleep(isDrawn ? tickMs : plainTickMs, signals.drain).catch(() => {});
    }
  } finally {
    if (isDrawn) repainted.draw([]);
  }
}

async function isUnderWay(ledger: LedgerReader, seen: RunRecord): Promise<boolean> {
  const { run } = await seeRun(ledger, seen);
  return run.status === 'running' || run.status === 'waiting';
}

async function stateOf(
  ledger: LedgerReader,
  run: RunRecord,
  screen: Screen,
  now: number,
): Promise<FrameState> {
  const { requests, uploaded, downloaded, ok, failed, files, oldest } = await ledger.forecast.glance(
    run.runId,
    batchesOn(screen),
  );
  return {
    isRead: run.readingFinished,
    records: run.records,
    total: requests,
    sealed: requests,
    uploaded,
    // The ledger learns of answers when a batch has ended.
    answered: downloaded,
    downloaded,
    loaded: ok,
    failed,
    files,
    batches: oldest.map((batch) => ({ ...batch, done: null })),
    notes: await forecastText(ledger, run, now),
    time: `${spanText(now - run.startedAt)} since its start`,
  };
}

function plainLine({ total, loaded, failed, files }: FrameState, now: number): string {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return `${time} ${files.waiting} files waiting, ${files.running} running, ${files.ended} ended; ${loaded} of ${total} rows loaded, ${failed} failed`;
}
