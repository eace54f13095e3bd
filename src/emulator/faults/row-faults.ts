import { z } from 'zod';
import { errorStatus, rowSelector, wanted } from './selectors.ts';

function fault<const Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.strictObject({ fault: z.literal(name), ...shape, ...rowSelector });
}

/** What can go wrong with the line of one row in a batch's result files. */
export const rowFaults = [
  fault('status', {
    status: z.union([z.literal(0), errorStatus], wanted('must be 0, or from 400 to 599')),
    body: z.unknown().optional(),
  }),
  fault('error', { code: z.string(), message: z.string().optional() }),
  fault('missing', {}),
  fault('duplicate', { second: z.enum(['same', 'other', 'failure']).default('same') }),
  fault('stranger', { custom_id: z.string().optional() }),
  fault('unparsable', { line: z.string().optional() }),
  fault('answer', { text: z.string() }),
  fault('misfit', {}),
  fault('refusal', { text: z.string().default("I'm sorry, I can't help with that.") }),
  fault('length', {}),
  fault('content_filter', {}),
  fault('nul', {}),
  fault('lone_surrogate', {}),
] as const;

export const rowFault = z.discriminatedUnion('fault', rowFaults);

export type RowFault = z.output<typeof rowFault>;
export type RowFaultOf<Name extends RowFault['fault']> = Extract<RowFault, { fault: Name }>;
