import type { ResultParts } from '../../../core/dialect.ts';
import { asMap, asText, type JsonMap } from '../../../core/json.ts';
import { isPresent, lineFailure, type FailedLine } from './line-failure.ts';

/** Takes a line of an output or error file apart; null where it is no result of a request. */
export function splitResultLine(line: JsonMap): ResultParts | null {
  const customId = asText(line['custom_id']);
  if (customId === null) return null;
  const response = asMap(line['response']);
  const status = response?.['status_code'];
  const requestId = asText(response?.['request_id']);
  const parts = {
    status: typeof status === 'number' ? status : null,
    body: asMap(response?.['body']),
    error: line['error'] ?? null,
  };
  const body = answeredBody(parts, response !== undefined);
  return body === undefined
    ? { kind: 'failed', customId, requestId, failure: lineFailure(parts) }
    : { kind: 'answered', customId, requestId, body };
}

function answeredBody({ status, body, error }: FailedLine, hasResponse: boolean): JsonMap | undefined {
  if (error !== null || body === undefined || isPresent(body['error'])) return undefined;
  const isAnswered = status === null ? hasResponse : status >= 200 && status < 300;
  return isAnswered ? body : undefined;
}
