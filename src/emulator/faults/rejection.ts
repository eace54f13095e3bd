import type { BatchError } from '../state/batch-record.ts';
import { batchFaultOf, type BatchPlan } from './batch-plan.ts';

/** What a batch's faults have against its input file; empty where nothing. */
export function plannedErrors(plan: BatchPlan | null): readonly BatchError[] {
  const fault = batchFaultOf(plan, 'rejected');
  if (fault === undefined) return [];
  const { code, message = `The batch was refused: ${code}.`, param = null, lines = [null] } = fault;
  return lines.map((line) => ({ code, line, message, param }));
}

/** The most tokens of a model that may be enqueued; undefined without a limit. */
export function enqueuedTokenLimit(plan: BatchPlan | null, model: string): number | undefined {
  const limit = plan?.enqueuedTokens ?? undefined;
  return typeof limit === 'object' ? limit[model] : limit;
}

export function tokenLimitExceeded(model: string, limit: number): BatchError {
  const message = `Enqueued token limit reached for ${model} in organization org-emulator. Limit: ${limit.toLocaleString('en-US')} enqueued tokens. Please try again once some in_progress batches have been completed.`;
  return { code: 'token_limit_exceeded', line: null, message, param: null };
}
