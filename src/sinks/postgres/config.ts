import { z } from 'zod';
import { secret } from '../../core/component.ts';

export const postgresConfig = z.object({
  url: z
    .string()
    .min(1)
    .meta({ description: 'A Postgres URL as libpq reads it, or `embedded`.', ...secret }),
  table: z.string().min(1).meta({ description: 'The table to fill, as `table` or `schema.table`.' }),
  mode: z.enum(['upsert', 'insert', 'update']).default('upsert').meta({
    description:
      'upsert: a row whose key is there already is replaced. insert: rows are only added. update: columns of rows that are there are filled, and nothing else of them changes.',
  }),
  create: z.boolean().default(false).meta({ description: 'Creates the table where it is missing.' }),
  indexes: z.enum(['keep', 'defer']).default('keep').meta({
    description:
      'defer: vector indexes (hnsw, ivfflat) are dropped before the first row is loaded and built again when the run has ended. For loads that are large beside the table.',
  }),
  unchanged: z.enum(['skip', 'send']).optional().meta({
    description:
      'skip: rows whose request_hash stands in the table are not sent again; the default where it can be kept.',
  }),
  deleted: z.enum(['keep', 'delete']).default('keep').meta({
    description:
      "delete: at the end of a run, rows whose source row is gone are deleted. The table must then be this pipeline's alone.",
  }),
});

export type PostgresSinkConfig = z.output<typeof postgresConfig>;
