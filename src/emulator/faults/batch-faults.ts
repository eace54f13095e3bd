import { z } from 'zod';
import { duration } from '../../core/quantity.ts';
import { batchSelector, positive, share, wanted } from './selectors.ts';

function fault<const Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.strictObject({ fault: z.literal(name), ...shape, ...batchSelector });
}

const statuses = [
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
] as const;

const shownCount = z
  .union([z.int(), z.null(), z.literal('total')], wanted('must be a whole number, null or total'))
  .optional();

/** What can happen to a batch as a whole. */
export const batchFaults = [
  fault('expired', { after: share.default(0.5) }),
  fault('cancelled', { after: share.default(0.5) }),
  fault('rejected', {
    code: z.string(),
    message: z.string().optional(),
    param: z.string().optional(),
    lines: z.array(positive).min(1).optional(),
  }),
  fault('stuck', {
    status: z.enum(['validating', 'in_progress', 'finalizing']),
    for: duration.optional(),
    after: share.default(1),
  }),
  fault('phases', {
    validating: duration.optional(),
    in_progress: duration.optional(),
    finalizing: duration.optional(),
    cancelling: duration.optional(),
  }),
  fault('no_output_file', {}),
  fault('empty_error_file_id', {}),
  fault('empty_error_file', {}),
  fault('late_files', { for: duration.optional() }),
  fault('request_counts', { total: shownCount, completed: shownCount, failed: shownCount }),
  fault('null_counts', {}),
  fault('status_words', {
    upper_case: z.boolean().default(false),
    words: z.partialRecord(z.enum(statuses), z.string()).default({}),
  }),
  fault('iso_times', {}),
  fault('no_metadata', {}),
  fault('no_expiry', {}),
  fault('not_found', { after: duration.default(0), for: duration.optional() }),
  fault('unlisted', { for: duration.optional() }),
] as const;

export const batchFault = z.discriminatedUnion('fault', batchFaults);

export type BatchFault = z.output<typeof batchFault>;
export type BatchFaultOf<Name extends BatchFault['fault']> = Extract<BatchFault, { fault: Name }>;
