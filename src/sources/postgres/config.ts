import { z } from 'zod';
import { secret } from '../../core/component.ts';
import { incremental, sqlRows } from '../sql/config.ts';

const keys = z.object({
  url: z
    .string()
    .min(1)
    .meta({
      description:
        'Database URL as libpq reads it (postgres://user:password@host:5432/database?sslmode=require), or embedded.',
      ...secret,
    }),
  table: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        'Table or view, as schema.table. Read in short transactions, and resumable. Either this or query.',
      examples: ['public.tickets'],
    }),
  query: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'A SELECT to read instead of a table, in one pass.',
      examples: ['SELECT t.id, t.body, c.name FROM tickets t JOIN customers c ON c.id = t.customer_id'],
    }),
  ...sqlRows,
  partitions: z.int().min(1).max(64).optional().meta({
    description:
      'Reads the table in so many ranges of its key at the same time, each over a connection of its own. Needs a unique index on the key.',
  }),
  incremental,
});

export const postgresConfig = keys.superRefine(({ table, query, where, partitions }, context) => {
  const complain = (key: string, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  if (table === undefined && query === undefined) complain('table', 'required, or else `query`');
  if (table !== undefined && query !== undefined) complain('query', 'cannot stand beside `table`');
  if (query !== undefined && where !== undefined)
    complain('where', 'goes with `table`; write the condition into the query');
  if (query !== undefined && partitions !== undefined)
    complain('partitions', 'goes with `table`; a query is read in one pass');
});

export type PostgresSourceConfig = z.output<typeof postgresConfig>;
