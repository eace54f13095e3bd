import { z } from 'zod';

const rate = z.number().min(0);

/** The `budget:` block: what a run is expected to cost, in US dollars, and from where on it asks. */
export const budgetBlock = z.strictObject({
  output_tokens_per_row: z.number().positive().optional().meta({
    description:
      "How many tokens an answer is expected to have, for the plan's cost, where no past answer tells. Never a limit.",
  }),
  confirm_above: rate.optional().meta({
    description:
      'A run that is expected to cost more asks first on a terminal; elsewhere it is refused without `--yes`.',
  }),
});

/** The `prices:` block: what models cost that are not known, or not at the list price. US dollars per million tokens. */
export const pricesBlock = z.record(
  z.string().min(1),
  z.strictObject({
    input: rate.meta({ description: 'Per million tokens of prompts, by the synchronous API.' }),
    output: rate.default(0).meta({ description: 'Per million tokens of answers, by the synchronous API.' }),
    cached: rate
      .optional()
      .meta({ description: 'Per million tokens read from a prompt cache. Default: as input.' }),
    cache_write: rate
      .optional()
      .meta({ description: 'Per million tokens written to a prompt cache. Default: as input.' }),
    batch_discount: z.number().min(0).max(1).optional().meta({
      description:
        "What a batch costs of the synchronous price: 0.5 is half of it. Default: the provider's own factor.",
    }),
  }),
);
