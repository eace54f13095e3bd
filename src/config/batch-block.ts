import { z } from 'zod';
import { byteSize, duration } from '../core/quantity.ts';
import { pilotBlock } from './pilot-block.ts';

const count = z.int().positive();

/** The `batch:` block: how requests are packed, sent and awaited. */
export const batchBlock = z.strictObject({
  max_requests: count
    .optional()
    .meta({ description: "The most requests in one batch file. Default: the provider's own limit." }),
  max_bytes: byteSize.optional().meta({
    description: "The most bytes in one batch file, such as 190MB. Default: the provider's own limit.",
  }),
  max_tokens: count.optional().meta({
    description:
      'The most estimated prompt tokens in one batch file. Default: half of max_enqueued_tokens where that is set or learned, else no limit.',
  }),
  max_enqueued_tokens: count.optional().meta({
    description:
      "The most prompt tokens that the account may have enqueued for the model, over all runs of the state folder. Default: learned from the provider's refusals.",
  }),
  pilot: pilotBlock.prefault(0).meta({
    description:
      'So many rows are sent alone; the rest waits until enough of them were answered well. Default: 0, none.',
  }),
  completion_window: z
    .string()
    .regex(/^\d+[hd]$/, { error: 'must be a window like 24h' })
    .default('24h')
    .meta({ description: 'How long the provider may take; passed on as it is.' }),
  poll_interval: duration.optional().meta({
    description:
      'The first wait between two looks at a batch; it grows while nothing changes. Default: 60s, with the emulator 1s.',
  }),
  max_attempts: count
    .default(3)
    .meta({ description: 'How often a row is sent in all, counting attempts that the provider answered.' }),
  expires_after: duration
    .prefault('30d')
    .meta({ description: 'How long the provider keeps the uploaded and the result files.' }),
  late: z.enum(['cancel', 'wait']).optional().meta({
    description:
      "What is done with a batch an hour past its end. cancel: once its counters stand still, at the latest after another day, it is cancelled, and what it has not answered is sent again. wait: nothing. Default: cancel; at Azure's hosts wait.",
  }),
  max_prepared: byteSize
    .prefault('20GB')
    .meta({ description: 'The most bytes of sealed files that may wait on disk for their turn.' }),
});
