import { z } from 'zod';

export const standardBlock = z.strictObject({
  concurrency: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .meta({ description: 'The most requests under way at a time.' }),
  requests_per_minute: z.int().min(1).optional().meta({
    description: 'No minute holds more requests, wherever it begins. Default: as many as the provider takes.',
  }),
  tokens_per_minute: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'About how many prompt tokens are sent a minute. Default: as many as it takes.' }),
});
