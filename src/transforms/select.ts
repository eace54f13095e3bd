import { z } from 'zod';
import { defineTransform } from '../core/transform.ts';
import { DerivedBatch } from '../core/derived-batch.ts';
import { knownField } from './known-field.ts';

export const select = defineTransform({
  name: 'select',
  summary: 'Keeps the named fields and drops all others.',
  config: z.object({
    fields: z.array(z.string().min(1)).min(1).meta({ description: 'The fields to keep, in this order.' }),
  }),
  examples: [{ fields: ['id', 'body'] }],

  async open({ fields: names }, incoming) {
    const kept = [...new Set(names)];
    const columns = kept.map((name) => ({ from: knownField('select', name, incoming), values: null }));
    const fields = columns.map(({ from }) => incoming[from]).filter((field) => field !== undefined);
    return {
      fields,
      needs: () => new Set(kept),
      apply: (batch) => ({ batch: new DerivedBatch(batch, fields, columns), filtered: 0, failures: [] }),
    };
  },
});
