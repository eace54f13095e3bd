import { z } from 'zod';
import { tierNames } from '../core/tier-names.ts';

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
  tokens_per_minute: z.int().min(1).optional().meta({
    description:
      'About how many tokens are sent a minute: those of prompts, and the most that answers may have. Default: as many as the provider takes.',
  }),
  tier: z.enum(tierNames).optional().meta({
    description:
      'What the provider is asked to serve requests as. flex: at half the price, when it has room. priority: faster, and dearer. 2h, 8h: within that time, for less (endpoint responses at openai). Default: what the account is set to.',
  }),
});
