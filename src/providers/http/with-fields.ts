import type { JsonMap } from '../../core/json.ts';

/** Adds members to a request body that is text. It is never empty: it says what is asked. */
export function withFields(body: string, fields: JsonMap): string {
  return `${JSON.stringify(fields).slice(0, -1)},${body.slice(1)}`;
}
