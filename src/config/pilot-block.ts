import { z } from 'zod';

const rows = z.int().min(0);

/** `batch.pilot`: rows that are sent alone, before all others, and what is expected of their answers. */
export const pilotBlock = z
  .union([
    rows,
    z.strictObject({
      rows: z.int().positive().meta({ description: 'How many rows.' }),
      expect: z.record(z.string().min(1), z.number().min(0).max(1)).default({}).meta({
        description:
          "Conditions in CEL over the loaded columns, each with the share of rows that are to fulfil it, such as `tag in ['a', 'b']`: 0.95.",
      }),
    }),
  ])
  .transform((pilot) => (typeof pilot === 'number' ? { rows: pilot, expect: {} } : pilot));
