import type { KnownModels } from '../answers/known-models.ts';
import type { JsonMap } from '../../core/json.ts';
import type { AnswerChange } from '../faults/answer-change.ts';
import type { ApiError } from '../http/api-error.ts';
import type { Random } from '../random.ts';
import type { BatchEndpoint, TokenTotals } from '../state/batch-record.ts';
import type { LineFault, RequestLine } from './check-line.ts';

/** What the engine asks of the API by which a batch came: how its lines and results are written. */
export interface BatchForm {
  /** The most requests of a batch. */
  readonly mostRequests: number;
  /** Whether one file asks one model only, and has no id twice. */
  readonly isStrict: boolean;
  /** Whether what failed stands in a file of its own. */
  readonly hasErrorFile: boolean;
  /** Whether a batch that expires brings what was answered by then; else that costs nothing either. */
  readonly keepsExpired: boolean;
  /** How its result files' ids begin, and what they are for. */
  readonly results: { readonly prefix: string; readonly purpose: string };
  readonly readLine: (bytes: Buffer, endpoint: BatchEndpoint) => RequestLine | LineFault;
  /** @param model the one that the batch was created for, where its lines name none @throws ApiError */
  readonly answer: (asked: AskedRequest, models: KnownModels) => JsonMap;
  /** The body of a result that is an error; status 0 where the provider's own worker failed. */
  readonly errorBody: (error: ApiError) => JsonMap;
  /** The line of a request that was answered, by an answer or by an error. */
  readonly answeredLine: (customId: string, status: number, body: unknown, ids: Random) => string;
  /** The line of a request that has no answer; the codes of cancelled and expired batches are known to it. */
  readonly unansweredLine: (customId: string, code: string, message: string, ids: Random) => string;
  readonly changeAnswer: (body: JsonMap, change: AnswerChange) => JsonMap;
  readonly usageOf: (body: JsonMap) => TokenTotals;
}

export interface AskedRequest {
  readonly endpoint: BatchEndpoint;
  readonly model: string | null;
  readonly body: JsonMap;
}
