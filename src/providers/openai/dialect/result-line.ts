import type { ResultParts } from '../../../core/dialect.ts';
import type { DirectResponse } from '../../../core/direct-side.ts';
import { asMap, asText, isContent, type JsonMap } from '../../../core/json.ts';
import { isPresent, lineFailure, type FailedLine } from './line-failure.ts';

/** Keys of a result line that hold no answer. */
const framing: ReadonlySet<string> = new Set([
  'id',
  'custom_id',
  'object',
  'status',
  'created',
  'created_at',
  'completed_at',
  'model',
  'method',
  'url',
  'request',
  'metadata',
  'usage',
]);

/**
 * Takes a line of an output or error file apart; null where it is no result of a request, or where something stands in
 * it that may be an answer, but not where answers stand.
 */
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
  if (body === undefined && isWithoutFailure(parts) && mayHoldAnswer(line, response)) return null;
  return body === undefined
    ? { kind: 'failed', customId, requestId, failure: lineFailure(parts) }
    : { kind: 'answered', customId, requestId, body };
}

/** Within a text the quotation marks would be escaped, so that what is found is a key. */
export function idIn(part: string): string | null {
  return /(?<!\\)"custom_id"\s*:\s*"([^"\\]+)"/.exec(part)?.[1] ?? null;
}

function answeredBody({ status, body, error }: FailedLine, hasResponse: boolean): JsonMap | undefined {
  if (isPresent(error) || body === undefined || isPresent(body['error'])) return undefined;
  const isAnswered = status === null ? hasResponse : status >= 200 && status < 300;
  return isAnswered ? body : undefined;
}

function isWithoutFailure({ status, error }: FailedLine): boolean {
  return !isPresent(error) && (status === null || (status >= 200 && status < 300));
}

/** A body without its envelope, or one that is no object: it may be paid for. */
function mayHoldAnswer(line: JsonMap, response: JsonMap | undefined): boolean {
  if (response === undefined && isContent(line['response'])) return true;
  const body = response?.['body'];
  if (isContent(body)) return asMap(body) === undefined;
  return (
    hasContent(line, ['response', 'error']) ||
    hasContent(response ?? {}, ['status_code', 'request_id', 'body', 'error'])
  );
}

function hasContent(map: JsonMap, known: readonly string[]): boolean {
  return Object.entries(map).some(
    ([key, value]) => !framing.has(key) && !known.includes(key) && isContent(value),
  );
}

/** JSON holds line ends only between its tokens; a body that is no JSON becomes the message of an error. */
export function directResultLine(
  customId: string,
  { status, requestId, body }: Pick<DirectResponse, 'status' | 'requestId' | 'body'>,
): string {
  const own = { custom_id: customId, response: { status_code: status, request_id: requestId } };
  const { response } = own;
  if (!isJsonMap(body)) {
    const error = { error: { message: body.slice(0, longestMessage) } };
    return JSON.stringify({ ...own, response: { ...response, body: error }, error: null });
  }
  const framed = JSON.stringify(own).slice(0, -'}}'.length);
  return `${framed},"body":${body.replaceAll(/[\r\n]+/g, ' ')}},"error":null}`;
}

const longestMessage = 2000;

function isJsonMap(text: string): boolean {
  try {
    return asMap(JSON.parse(text)) !== undefined;
  } catch {
    return false;
  }
}
