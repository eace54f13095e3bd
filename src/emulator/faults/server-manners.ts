import { z } from 'zod';
import { duration } from '../../core/quantity.ts';
import { badRequest } from '../http/api-error.ts';
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
});

export type ServerManners = z.output<typeof serverManners>;

/** @throws ApiError 400 of a field that the server does not know */
export function refuseFields({ refuses }: ServerManners, names: readonly string[]): void {
  const unknown = refuses.find((field) => names.includes(field));
  if (unknown !== undefined)
    throw badRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
}

/** What is answered to a create. */
export function showCreated({ wraps_jobs: wraps }: ServerManners, batch: JsonMap): JsonMap {
  return wraps ? { job: batch, warning: null } : batch;
}
