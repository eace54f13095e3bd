import type { BatchlineError } from '../core/errors.ts';
import { exists } from '../files/exists.ts';
import type { RunStatus } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { summarize, type RunSummary } from '../run/summary.ts';
import type { CommandContext } from './context.ts';
import { errorJson, exitCodeOf, shownCause } from './report-error.ts';
import { ledgerPath } from '../ledger/ledger-path.ts';

/** The run that a command was at. */
export interface RunPlace {
  readonly runId: string;
  readonly stateDir: string;
}

const places = new WeakMap<object, RunPlace>();
const pipelines = new WeakMap<CommandContext, string>();
const known = new WeakMap<CommandContext, RunPlace>();

/** Notes which run an error ended, so that its numbers can be told along with the error. */
export function noteRun(error: unknown, place: RunPlace | null): void {
  if (place !== null && typeof error === 'object' && error !== null) places.set(error, place);
}

/** Notes which pipeline a command is about. */
export function notePipeline(context: CommandContext, name: string): void {
  pipelines.set(context, name);
}

/** Notes the run of a command that is about no other, whatever goes wrong. */
export function noteKnownRun(context: CommandContext, place: RunPlace): void {
  known.set(context, place);
}

/** What a command about a run prints where it ends by an error: the run's numbers, as far as there are any. */
export async function failedSummary(thrown: unknown, context: CommandContext) {
  const error = shownCause(thrown, context);
  const summary = (await summaryOf(placeOf(thrown) ?? known.get(context))) ?? {
    ...noRun,
    pipeline: pipelines.get(context) ?? null,
  };
  return { ...summary, status: statusOf(exitCodeOf(error)), error: errorJson(error) };
}

/** The same of a run that has reached its end and left something behind. */
export function summaryJson(summary: RunSummary, error: BatchlineError | null): object {
  return error === null ? summary : { ...summary, error: errorJson(error) };
}

function statusOf(exitCode: number): RunStatus {
  if (exitCode === 130) return 'interrupted';
  return exitCode === 4 ? 'refused' : 'failed';
}

function placeOf(error: unknown): RunPlace | undefined {
  return typeof error === 'object' && error !== null ? places.get(error) : undefined;
}

async function summaryOf(place: RunPlace | undefined): Promise<RunSummary | null> {
  // To look at a state must not make one.
  if (place === undefined || !(await exists(ledgerPath(place.stateDir)))) return null;
  try {
    await using ledger = await openLedger(place.stateDir);
    const run = await ledger.run(place.runId);
    return run === null ? null : await summarize(ledger, run);
  } catch {
    // What went wrong first is what is told.
    return null;
  }
}

/** Of a command that ends before there is a run. */
const noRun = {
  run_id: null,
  pipeline: null,
  status: 'failed',
  rows: {
    records: 0,
    read: 0,
    filtered: 0,
    skipped: 0,
    requested: 0,
    ok: 0,
    failed: 0,
    pending: 0,
    cleaned: 0,
  },
  batches: { total: 0, waiting: 0, running: 0, completed: 0, failed: 0, expired: 0, cancelled: 0 },
  tokens: { input: 0, output: 0, cached: 0 },
  cost_usd: 0,
  seconds: 0,
} as const;
