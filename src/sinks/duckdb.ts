import { z } from 'zod';
import { defineSink } from '../core/sink.ts';

const keys = z.object({
  path: z
    .string()
    .min(1)
    .meta({
      description:
        'A DuckDB database file, with table; or a .parquet file, which is replaced when the run has finished.',
      examples: ['warehouse.duckdb', 'tags.parquet'],
    }),
  table: z.string().min(1).optional().meta({
    description: 'The table to fill, as table or schema.table.',
  }),
  mode: z.enum(['upsert', 'insert']).optional().meta({
    description:
      'upsert, the default: a row whose key is there already is replaced. insert: rows are only added. Goes with table.',
  }),
  create: z.boolean().optional().meta({
    description:
      'Creates the table, and the database, where they are missing. Default: false. Goes with table.',
  }),
  deleted: z.enum(['keep', 'delete']).optional().meta({
    description:
      "delete: at the end of a run, rows whose source row is gone are deleted. The table must then be this pipeline's alone. Default: keep. Goes with table.",
  }),
  unchanged: z.enum(['skip', 'send']).optional().meta({
    description:
      'skip: rows whose request_hash stands in the table are not sent again; the default where it can be kept. Goes with table.',
  }),
});

const config = keys.superRefine((block, context) => {
  const complain = (key: string, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  const isParquet = /\.parquet$/i.test(block.path);
  if (block.table !== undefined && isParquet)
    complain('table', 'is of a DuckDB database, not of a Parquet file');
  if (block.table !== undefined) return;
  if (!isParquet) complain('table', 'required, unless `path` ends in .parquet');
  for (const key of ['mode', 'create', 'deleted', 'unchanged'] as const)
    if (block[key] !== undefined) complain(key, 'goes with `table`; a Parquet file is replaced as a whole');
});

export const duckdb = defineSink({
  name: 'duckdb',
  summary: 'Loads answers into a table of a DuckDB file, or writes a Parquet file.',
  config,
  examples: [
    { path: 'warehouse.duckdb', table: 'ticket_tags', create: true },
    { path: 'warehouse.duckdb', table: 'main.answers', mode: 'insert', unchanged: 'send' },
    { path: 'tags.parquet' },
  ],
  async open(config, context) {
    if (config.table === undefined) {
      const { openParquetSink } = await import('./duckdb/parquet-sink.ts');
      return openParquetSink(config.path, context);
    }
    const { openTableSink } = await import('./duckdb/table-sink.ts');
    const { table, path, mode = 'upsert', create = false, deleted = 'keep' } = config;
    return openTableSink({ table, path, mode, create, deleted }, context);
  },
});
