import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import type { RunRow } from '../core/run-row.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { costOf } from './run-cost.ts';
import type { RunSummary } from './summary.ts';

interface Left {
  readonly ledger: LedgerReader;
  readonly run: RunRecord;
  readonly loaded: LoadedPipeline;
}

/** A run as it was left, as a row of its own: the summary, flat. */
export async function runRow(
  { ledger, run, loaded }: Left,
  summary: RunSummary,
  thrown: unknown,
): Promise<RunRow> {
  const { status, rows, batches, requests, tokens, cost_usd: cost, deadline } = summary;
  const { pipeline, redactor } = loaded;
  const isUnderWay = status === 'running' || status === 'waiting';
  const { listUsd } = costOf(await ledger.chunks(run.runId));
  return {
    run_id: run.runId,
    pipeline: run.pipeline,
    kind: run.kind,
    status,
    started_at: new Date(run.startedAt).toISOString(),
    ended_at: isUnderWay ? null : new Date().toISOString(),
    seconds: summary.seconds,
    provider: pipeline.provider.type,
    model: pipeline.request.model,
    target: run.target,
    rows_records: rows.records,
    rows_read: rows.read,
    rows_filtered: rows.filtered,
    rows_skipped: rows.skipped,
    rows_requested: rows.requested,
    rows_ok: rows.ok,
    rows_failed: rows.failed,
    rows_pending: rows.pending,
    rows_cleaned: rows.cleaned,
    rows_truncated: rows.truncated,
    batches: batches.total,
    requests_batch: requests.batch,
    requests_standard: requests.standard,
    requests_in_doubt: requests.in_doubt,
    tokens_input: tokens.input,
    tokens_output: tokens.output,
    tokens_cached: tokens.cached,
    cost_usd: cost,
    list_usd: cost === null ? null : listUsd,
    deadline_at: deadline?.at ?? null,
    deadline_met: deadline?.met ?? null,
    error_code: thrown === null ? null : thrown instanceof BatchlineError ? thrown.code : 'defect',
    error_message: thrown === null ? null : redactor.redact(errorMessage(thrown)),
  };
}
