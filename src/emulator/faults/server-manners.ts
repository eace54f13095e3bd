import { z } from 'zod';
import { duration } from '../../core/quantity.ts';
import { badRequest } from '../http/api-error.ts';
import { type CallName, callNames } from '../http/call-name.ts';
import type { Exchange } from '../http/exchange.ts';
import { newId, routedId } from '../state/ids.ts';
import type { JsonMap } from '../../core/json.ts';

const refused = z.enum(['metadata', 'output_expires_after', 'expires_after']);

/** How a server behaves at every call, whatever it is asked. */
export const serverManners = z.strictObject({
  /** Fields that it does not know. */
  refuses: z.array(refused).default([]),
  /** Whether a new batch comes as `{job: ..., warning: ...}`. */
  wraps_jobs: z.boolean().default(false),
  /** Whether lists come without their envelope. */
  bare_lists: z.boolean().default(false),
  /** Whether batches are listed from the oldest on. */
  oldest_first: z.boolean().default(false),
  /** How long an upload is `pending`, when no batch can be made of it. */
  pending_uploads: duration.default(0),
  /** Headers or query parameters of which one must be there, at all calls or at those named. */
  requires: z
    .strictObject({ one_of: z.array(z.string()).min(1), on: z.array(z.enum(callNames)).optional() })
    .optional(),
  /** The values of `completion_window` that it takes. */
  windows: z.array(z.string()).default(['24h']),
  /** Whether ids have a route in them, which makes them long. */
  routed_ids: z.boolean().default(false),
});

export type ServerManners = z.output<typeof serverManners>;

/** @throws ApiError 400 of a field that the server does not know */
export function refuseFields({ refuses }: ServerManners, names: readonly string[]): void {
  const unknown = refuses.find((field) => names.includes(field));
  if (unknown !== undefined)
    throw badRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
}

/** @throws ApiError 400 of a call that does not say where it is to be led */
export function requireRoute(
  manners: ServerManners | null,
  call: CallName | undefined,
  { request, query }: Pick<Exchange, 'request' | 'query'>,
): void {
  const { one_of: names, on } = manners?.requires ?? {};
  if (names === undefined || call === undefined || on?.includes(call) === false) return;
  if (names.some((name) => request.headers[name] !== undefined || query.has(name))) return;
  throw badRequest(
    `Either ${names.join(' or ')} is required.`,
    names[0] ?? null,
    'missing_required_parameter',
  );
}

export function idOf(manners: ServerManners | null, prefix: string): string {
  return manners?.routed_ids === true ? routedId(prefix) : newId(prefix);
}

/** What is answered to a create. */
export function showCreated({ wraps_jobs: wraps }: ServerManners, batch: JsonMap): JsonMap {
  return wraps ? { job: batch, warning: null } : batch;
}
