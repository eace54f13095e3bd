import { asMap, asText } from '../../core/json.ts';
import {
  answered,
  type Call,
  type Meaning,
  type ProviderWords,
  type Refusal,
} from '../http/provider-error.ts';
import { apiFailure, isNoModel, isSpent } from './dialect/line-failure.ts';

/** How messages name Anthropic's API, and how its refusals are read. */
export const anthropicWords: ProviderWords = {
  api: 'Anthropic API',
  keyVariable: 'ANTHROPIC_API_KEY',
  address: 'it usually is https://api.anthropic.com, without a path',
  paths: '/v1/messages and /v1/messages/batches',
  wantOfRoom: ({ status, message }) => (status === 429 && inQueue.test(message) ? 'batches' : null),
  rulesOut: isOwnForm,
  meaning,
};

/** Requests of batches that have not been run yet count against a limit, which falls as they are. */
const inQueue = /\b(?:queue|batch(?:es)?)\b/i;

/** An error of the API itself, which names its request, is no lost reply: nothing was made. */
function isOwnForm({ said }: Refusal): boolean {
  const body = asMap(said);
  return body?.['type'] === 'error' && asText(body['request_id']) !== null;
}

function meaning(refusal: Refusal, { notFound }: Pick<Call, 'notFound'>): Meaning | null {
  const failure = apiFailure(refusal.said);
  if (isSpent(failure)) {
    return {
      code: 'insufficient_quota',
      what: answered(refusal),
      hint: 'The account may spend nothing more: add credit or raise the spend limit, then run again.',
    };
  }
  if (isNoModel(failure) && notFound === undefined)
    return { code: 'model_not_found', what: answered(refusal), hint: 'Correct request.model.' };
  if (notFound === 'file' && isGone(refusal))
    return { code: 'file_not_found', what: answered(refusal), retryable: true };
  return null;
}

/** Results are kept for 29 days; the batch itself is listed for longer. */
function isGone({ status, message }: Refusal): boolean {
  return status === 400 && /archiv|no longer|not available|no available|deleted/i.test(message);
}
