import { z } from 'zod';
import { duration } from '../../core/quantity.ts';
import { callNames } from '../http/call-name.ts';
import { callSelector, errorStatus, share, wanted } from './selectors.ts';

function fault<const Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.strictObject({ fault: z.literal(name), ...shape, ...callSelector });
}

const callName = z.enum(callNames);
/** The calls that a fault is for; all of them where it is not said. */
const on = z
  .union(
    [callName.transform((name) => [name]), z.array(callName).min(1)],
    wanted(`must be a call or a list of calls, of ${callNames.join(', ')}`),
  )
  .optional();
/** Whether what was asked for is done although the client hears of a failure, or of nothing. */
const effect = z.enum(['none', 'done']).default('none');
/** How much of a file arrives. */
const at = share.default(0.5);

/** What can happen to a call on its way. */
export const httpFaults = [
  fault('status', {
    on,
    status: errorStatus,
    body: z.unknown().optional(),
    retry_after: duration.optional(),
    effect,
  }),
  fault('cut', { on, effect }),
  fault('delay', { on, for: duration, effect }),
  fault('download_cut', { at }),
  fault('download_short', { at }),
  fault('download_growing', { at }),
  fault('download_redirected', {}),
  fault('download_stalled', { at, for: duration.optional() }),
] as const;

export const httpFault = z.discriminatedUnion('fault', httpFaults);

export type HttpFault = z.output<typeof httpFault>;
export type DownloadFault = Extract<HttpFault, { fault: `download_${string}` }>;
export type CallFault = Exclude<HttpFault, DownloadFault>;
