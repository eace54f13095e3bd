import type { LoadedPipeline } from '../../config/load.ts';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import type { Ledger, RunRecord, RunStatus } from '../../ledger/ledger.ts';
import type { Notice } from '../../ledger/notice-ledger.ts';
import { summarize, type RunSummary } from '../summary.ts';
import { noticeBody, type NoticeStatus, type Told } from './notice-body.ts';
import { postNotice } from './post-notice.ts';

interface Telling {
  readonly ledger: Ledger;
  readonly loaded: LoadedPipeline;
  readonly host: Host;
}

/** Errors of which somebody was told, or has wished not to be. */
const told = new WeakSet<object>();

/** What is to be told of how a run was left; null where the pipeline file does not ask for it. */
export function endNotice(
  loaded: LoadedPipeline | undefined,
  summary: RunSummary,
  error: unknown,
): Notice | null {
  const status = noticeStatus(summary.status);
  if (typeof error === 'object' && error !== null) told.add(error);
  if (loaded === undefined || status === null || !isAskedFor(loaded, status)) return null;
  return noticeOf(loaded, { status, summary, error });
}

function noticeOf(
  loaded: LoadedPipeline,
  { status, summary, error }: Told & { readonly summary: RunSummary },
): Notice {
  const { ok, failed, pending } = summary.rows;
  const cause =
    status === 'late' ? 'late' : JSON.stringify([status, errorCode(error) ?? null, ok, failed, pending]);
  return { runId: summary.run_id, cause, body: noticeBody(loaded, { status, summary, error }) };
}

/** Nobody is told that a run goes on. */
function noticeStatus(status: RunStatus): NoticeStatus | null {
  return status === 'running' || status === 'waiting' ? null : status;
}

function isAskedFor({ pipeline }: LoadedPipeline, status: NoticeStatus): boolean {
  return pipeline.notify?.on.includes(status) === true;
}

/** Tells, once a run, that it is late. */
export async function tellLate({ ledger, loaded, host }: Telling, run: RunRecord): Promise<void> {
  if (!isAskedFor(loaded, 'late')) return;
  const summary = await summarize(ledger, run);
  await ledger.notices.add(noticeOf(loaded, { status: 'late', summary, error: null }));
  await sendNotices({ ledger, loaded, host });
}

/**
 * Sends what is to be told of a pipeline's runs, also what an earlier process has noted and was killed before it sent it.
 * A webhook that cannot be reached is warned of, and changes nothing else.
 */
export async function sendNotices({ ledger, loaded, host }: Telling): Promise<void> {
  if (loaded.pipeline.notify === undefined) return;
  for (const { id, body } of await ledger.notices.due(loaded.name)) {
    await send(loaded, body, host);
    // What was broken off is for the next process to tell.
    if (host.signals.abort.aborted) return;
    await ledger.notices.settled(id);
  }
}

async function send(loaded: LoadedPipeline, body: string, { signals, emit }: Host): Promise<void> {
  const { pipeline, env, redactor } = loaded;
  if (pipeline.notify === undefined) return;
  const why = await postNotice(pipeline.notify.webhook, body, env, signals.abort).catch(errorMessage);
  if (why === null) return;
  const message = `Nobody could be told by the webhook of \`notify\`: ${why}.`;
  emit({ type: 'Warned', message: redactor.redact(message) });
}

/**
 * Does what a command does with a pipeline, and tells of an error that ends it before a run began, or before its run was
 * taken up.
 *
 * @param known the run that it is about; of one that goes on ending the same way, that is told once
 */
export async function noticing<T>(
  { loaded, host, ledger }: Omit<Telling, 'ledger'> & Partial<Pick<Telling, 'ledger'>>,
  known: RunRecord | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    if (ledger !== undefined) await sendNotices({ ledger, loaded, host });
    return await work();
  } catch (error) {
    if (isUntold(error)) await tellError({ loaded, host, ledger }, known, error);
    throw error;
  }
}

/** That another process is at work on a run is no end of it. */
function isUntold(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && !told.has(error) && errorCode(error) !== 'run_is_owned'
  );
}

async function tellError(
  { loaded, host, ledger }: Omit<Telling, 'ledger'> & { readonly ledger: Ledger | undefined },
  known: RunRecord | null,
  error: unknown,
): Promise<void> {
  told.add(error as object);
  const status = statusAfter(error, host);
  if (!isAskedFor(loaded, status)) return;
  if (ledger === undefined || known === null)
    return send(loaded, noticeBody(loaded, { status, summary: null, error }), host);
  const summary = await summarize(ledger, known, status);
  await ledger.notices.add(noticeOf(loaded, { status, summary, error }));
  await sendNotices({ ledger, loaded, host });
}

function statusAfter(error: unknown, { signals }: Host): 'interrupted' | 'refused' | 'failed' {
  if (signals.drain.aborted) return 'interrupted';
  return error instanceof BatchlineError && error.exitCode === 4 ? 'refused' : 'failed';
}
