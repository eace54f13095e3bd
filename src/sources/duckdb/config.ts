import { z } from 'zod';
import { incremental, sqlRows } from '../sql/config.ts';

const keys = z.object({
  path: z.string().min(1).optional().meta({
    description:
      'A DuckDB database file, opened for reading. Default: none, for a query that names its files.',
  }),
  table: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'Table or view of that database, as table or schema.table. Either this or query.',
      examples: ['main.tickets'],
    }),
  query: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        'A SELECT over Parquet, CSV and JSON files, and over the tables of path. Paths start from the folder of the pipeline file.',
      examples: ["SELECT * FROM 'archive/*.parquet'"],
    }),
  ...sqlRows,
  incremental,
  memory_limit: z
    .string()
    .regex(/^\d+(?:\.\d+)?\s*[KMGT]i?B$/, 'must be a size such as 512MB or 2GB')
    .default('128MB')
    .meta({ description: 'What DuckDB may hold in memory; sorts and joins beyond it go to the disk.' }),
});

export const duckdbConfig = keys.superRefine(({ path, table, query, where }, context) => {
  const complain = (key: string, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  if (table === undefined && query === undefined) complain('query', 'required, or else `path` and `table`');
  if (table !== undefined && query !== undefined) complain('query', 'cannot stand beside `table`');
  if (table !== undefined && path === undefined)
    complain('path', 'required for `table`: the DuckDB file that holds it');
  if (query !== undefined && where !== undefined)
    complain('where', 'goes with `table`; write the condition into the query');
});

export type DuckdbSourceConfig = z.output<typeof duckdbConfig>;
