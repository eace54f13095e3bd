import { z } from 'zod';
import { batchFault } from './batch-faults.ts';
import { httpFault } from './http-faults.ts';
import { rowFault } from './row-faults.ts';
import { positive, wanted } from './selectors.ts';
import { serverManners } from './server-manners.ts';

const enqueuedTokens = z.union(
  [positive, z.record(z.string(), positive)],
  wanted('must be a whole number above 0, or one for each model'),
);

/** Everything that an emulator is to do wrong. */
export const faultsSchema = z.strictObject({
  seed: z.int().optional(),
  limits: z
    .strictObject({
      enqueued_tokens: enqueuedTokens.optional(),
      requests: positive.optional(),
      bytes: positive.optional(),
    })
    .default({}),
  server: serverManners.prefault({}),
  rows: z.array(rowFault).default([]),
  batches: z.array(batchFault).default([]),
  http: z.array(httpFault).default([]),
});

export type Faults = z.output<typeof faultsSchema>;
/** As it is written: durations as text, what has a default left out. */
export type FaultsInput = z.input<typeof faultsSchema>;
