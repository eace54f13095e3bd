import type { ResultParts } from '../../../core/dialect.ts';
import type { DirectResponse } from '../../../core/direct-side.ts';
import { asMap, asText, isContent, type JsonMap } from '../../../core/json.ts';
import { apiFailure, erroredFailure, isKnownType, silentFailure, unrunFailure } from './line-failure.ts';

/**
 * Takes a line of a batch's results apart; null where it is no result of a request, or where something stands in it that
 * may be an answer, but not where answers stand.
 */
export function splitResultLine(line: JsonMap): ResultParts | null {
  const customId = asText(line['custom_id']);
  if (customId === null) return null;
  const result = asMap(line['result']);
  const error = result?.['error'];
  const requestId = asText(result?.['request_id']) ?? asText(asMap(error)?.['request_id']);
  const common = { customId, requestId } as const;
  const message = asMap(result?.['message']);
  const type = result?.['type'];
  if (type === 'succeeded' && message !== undefined) return { ...common, kind: 'answered', body: message };
  if (type === 'errored' && isContent(error))
    return { ...common, kind: 'failed', failure: erroredFailure(error) };
  if (type === 'canceled' || type === 'expired')
    return { ...common, kind: 'failed', failure: unrunFailure(type) };
  return mayHoldAnswer(line, result) ? null : { ...common, kind: 'failed', failure: silentFailure };
}

function mayHoldAnswer(line: JsonMap, result: JsonMap | undefined): boolean {
  const known = result === undefined ? ['custom_id'] : ['custom_id', 'result'];
  return hasContent(line, known) || hasContent(result ?? {}, ['type']);
}

function hasContent(map: JsonMap, known: readonly string[]): boolean {
  return Object.entries(map).some(([key, value]) => !known.includes(key) && isContent(value));
}

/** Within a text the quotation marks would be escaped, so that what is found is a key. */
export function idIn(part: string): string | null {
  return /(?<!\\)"custom_id"\s*:\s*"([^"\\]+)"/.exec(part)?.[1] ?? null;
}

/** A synchronous answer as a line of a batch's results. JSON holds line ends only between its tokens. */
export function directResultLine(
  customId: string,
  { status, requestId, body }: Pick<DirectResponse, 'status' | 'requestId' | 'body'>,
): string {
  const parsed = mapOf(body);
  if (status >= 200 && status < 300 && parsed !== undefined && parsed['type'] !== 'error') {
    const open = JSON.stringify({
      custom_id: customId,
      result: { type: 'succeeded', request_id: requestId },
    });
    return `${open.slice(0, -'}}'.length)},"message":${body.replaceAll(/[\r\n]+/g, ' ')}}}`;
  }
  const error = { type: 'error', error: errorOf(status, parsed, body), request_id: requestId };
  return JSON.stringify({ custom_id: customId, result: { type: 'errored', error } });
}

/** What gateways and proxies say in other words than the API's is told by the status. */
function errorOf(status: number, parsed: JsonMap | undefined, body: string): JsonMap {
  const inner = parsed === undefined ? undefined : apiFailure(parsed);
  const isOwn = inner !== undefined && status !== 401 && status !== 402 && isKnownType(inner.type);
  const type = isOwn && hasType(parsed) ? inner.type : typeOf(status);
  const message = parsed === undefined ? body.slice(0, longestMessage).trim() : inner?.message;
  const code = inner?.code ?? null;
  return {
    type,
    message: message || `It answered ${status}.`,
    ...(code !== null && { details: { error_code: code } }),
  };
}

function hasType(parsed: JsonMap | undefined): boolean {
  return isContent(asMap(parsed?.['error'])?.['type']);
}

const longestMessage = 2000;

const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function typeOf(status: number): string {
  return types[status] ?? 'api_error';
}

function mapOf(text: string): JsonMap | undefined {
  try {
    return asMap(JSON.parse(text));
  } catch {
    return undefined;
  }
}
