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

/** What is on its way to be told, by ledger: one after the other, so that nothing is told twice. */
const underWay = new WeakMap<Ledger, Promise<void>>();

function inTurn(ledger: Ledger, work: () => Promise<void>): Promise<void> {
  const done = (underWay.get(ledger) ?? Promise.resolve()).then(work, work);
  underWay.set(ledger, done);
  return done;
}

/** The host of a run that also tells the webhook, once, when the run becomes late. */
export function tellingLate(telling: Telling, runId: string | undefined): Host {
  const { host, loaded } = telling;
  if (!isAskedFor(loaded, 'late')) return host;
  let known = runId;
  return {
    ...host,
    emit: (event) => {
      if (event.type === 'RunStarted') known = event.runId;
      host.emit(event);
      if (event.type === 'BecameLate' && known !== undefined) void tellLate(telling, known).catch(() => {});
    },
  };
}

/** Tells how a run was left, and that it is late, where a process was killed before it could tell that. */
export async function tellEnd(telling: Telling, runId: string): Promise<void> {
  const { ledger, loaded } = telling;
  const isLate = isAskedFor(loaded, 'late') && (await ledger.forecast.lateness(runId)) !== null;
  await (isLate ? tellLate(telling, runId) : sendNotices(telling));
}

async function tellLate(telling: Telling, runId: string): Promise<void> {
  const { ledger, loaded } = telling;
  await inTurn(ledger, async () => {
    const run = await ledger.run(runId);
    if (run === null) return;
    const summary = await summarize(ledger, run);
    await ledger.notices.add(noticeOf(loaded, { status: 'late', summary, error: null }));
    await sendDue(telling);
  });
}

/**
 * Sends what is to be told of a pipeline's runs, also what an earlier process has noted and was killed before it sent it.
 * A webhook that cannot be reached is warned of, and changes nothing else.
 */
export async function sendNotices(telling: Telling): Promise<void> {
  if (telling.loaded.pipeline.notify !== undefined) await inTurn(telling.ledger, () => sendDue(telling));
}

async function sendDue({ ledger, loaded, host }: Telling): Promise<void> {
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
