import type { ResultParts } from '../../../core/dialect.ts';
import type { DirectResponse } from '../../../core/direct-side.ts';
import { asMap, asText, isContent, type JsonMap } from '../../../core/json.ts';
import { lineFailure, noAnswer } from './line-failure.ts';
import { codeOf, nameOfHttp, readStatus } from './status.ts';

/** Keys of a result line that hold no answer, or one that is looked for there. */
const framing: ReadonlySet<string> = new Set(['key', 'response', 'error', 'status', 'metadata']);

/**
 * Takes a line of an output file apart; null where it is no result of a request, or where something stands in it that
 * may be an answer, but not where answers stand.
 */
export function splitResultLine(line: JsonMap): ResultParts | null {
  const customId = asText(line['key']);
  if (customId === null) return null;
  const response = asMap(line['response']);
  const requestId = asText(response?.['responseId']);
  const error = [line['error'], asMap(line['status']), response?.['error']].find(isError);
  if (error !== undefined) return { kind: 'failed', customId, requestId, failure: lineFailure(error) };
  if (response !== undefined && Object.keys(response).length > 0)
    return { kind: 'answered', customId, requestId, body: response };
  return mayHoldAnswer(line) ? null : { kind: 'failed', customId, requestId, failure: noAnswer };
}

/** A status that says that all is well is no error. */
function isError(value: unknown): boolean {
  if (!isContent(value)) return false;
  return readStatus(value).code !== codeOf('ok');
}

/** A response that is no object, or without its envelope: it may be paid for. */
function mayHoldAnswer(line: JsonMap): boolean {
  if (isContent(line['response'])) return true;
  return Object.entries(line).some(([name, value]) => !framing.has(name) && isContent(value));
}

/** A key may come first or last; any other may be one of the answer's own. */
export function idIn(part: string): string | null {
  const first = /^\s*\{\s*"key"\s*:\s*"([^"\\]+)"/.exec(part);
  const last = /,\s*"key"\s*:\s*"([^"\\]+)"\s*\}\s*$/.exec(part);
  return first?.[1] ?? last?.[1] ?? null;
}

/** JSON holds line ends only between its tokens; a body that is no JSON becomes the message of an error. */
export function directResultLine(
  customId: string,
  { status, body }: Pick<DirectResponse, 'status' | 'body'>,
): string {
  const isOk = status >= 200 && status < 300;
  const parsed = parseMap(body);
  if (isOk && parsed !== undefined)
    return `{"key":${JSON.stringify(customId)},"response":${body.replaceAll(/[\r\n]+/g, ' ')}}`;
  const name = isOk ? 'internal' : nameOfHttp(status);
  const said = asMap(parsed?.['error']) ?? { message: `${status} ${body}`.slice(0, longestMessage) };
  return JSON.stringify({ key: customId, error: { ...said, status: said['status'] ?? name.toUpperCase() } });
}

const longestMessage = 2000;

function parseMap(text: string): JsonMap | undefined {
  try {
    return asMap(JSON.parse(text));
  } catch {
    return undefined;
  }
}
