import type { ResultParts } from './dialect.ts';
import { asMap, asText, type JsonMap } from './json.ts';

/** The key of a result line that no provider has written. */
const own = 'batchline';

/** The result of a row that was sent again and again and never ran, in a form of our own: it is nobody's answer. */
export function givenUpLine(customId: string, message: string): string {
  return JSON.stringify({ [own]: { custom_id: customId, message } });
}

/** Null where a line is none of these. */
export function givenUp(line: JsonMap): ResultParts | null {
  const told = asMap(line[own]);
  const [customId, message] = [asText(told?.['custom_id']), asText(told?.['message'])];
  if (customId === null || message === null) return null;
  const failure = {
    code: 'never_ran',
    retryable: false,
    ran: false,
    blame: 'provider',
    usage: null,
  } as const;
  return { kind: 'failed', customId, requestId: null, failure: { ...failure, message } };
}
