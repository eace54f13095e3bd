import type { RequestDraft } from '../core/dialect.ts';
import { asMap } from '../core/json.ts';
import { valueAt } from './fault.ts';
import { endpointOf } from './request.ts';

/** The request block of a file's data, whatever it holds, its endpoint by its word. */
export function requestDraft(data: unknown): RequestDraft {
  const written = asMap(valueAt(data, ['request'])) ?? {};
  return { ...written, endpoint: endpointOf(written['endpoint']) };
}
