import { z } from 'zod';
import { incrementalBlock } from '../../core/read-window.ts';

/** The keys that sources of SQL rows share. */
export const sqlRows = {
  columns: z.array(z.string().min(1)).min(1).optional().meta({
    description: 'The columns on offer. Default: all; only those that the pipeline uses are read.',
  }),
  where: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'SQL condition on the rows of the table.', examples: ['closed_at is not null'] }),
} as const;

export const incremental = incrementalBlock.optional().meta({
  description: 'Reads only the rows that changed since the last run that ended.',
});
