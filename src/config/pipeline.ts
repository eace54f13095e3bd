import { z } from 'zod';
import { sinkCommon } from '../core/sink.ts';
import { sourceCommon } from '../core/source.ts';
import { providers } from '../providers/index.ts';
import { sinks } from '../sinks/index.ts';
import { sources } from '../sources/index.ts';
import { transforms } from '../transforms/index.ts';
import { autoBlock, scheduleBlock } from './auto-block.ts';
import { batchBlock } from './batch-block.ts';
import { blocksSchema } from './blocks.ts';
import { parseMaxFailedRows } from './failed-rows.ts';
import { budgetBlock, pricesBlock } from './money-blocks.ts';
import { notifyBlock } from './notify-block.ts';
import { requestSchema } from './request.ts';
import { standardBlock } from './standard-block.ts';

const maxFailedRows = z.union([z.int(), z.string()]).transform((value, context) => {
  const parsed = parseMaxFailedRows(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a number of rows or a percentage like 1%' });
  return z.NEVER;
});

/** Who answers where the file does not say. */
export const defaultProvider = 'openai';

/** A whole pipeline file. Only keys that are carried out are accepted. */
export const pipelineSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
      error: 'must be at most 64 letters, digits, ".", "_" or "-", and begin with a letter or digit',
    })
    .optional()
    .meta({ description: "Names the pipeline's runs. Default: the file's name." }),
  source: blocksSchema(sources, sourceCommon).meta({ description: 'Where the rows come from.' }),
  transforms: z
    .array(blocksSchema(transforms, {}))
    .default([])
    .meta({ description: 'What happens to the rows before they are rendered, in order.' }),
  request: requestSchema.meta({ description: 'How a row becomes a model request.' }),
  provider: blocksSchema(providers, {})
    .prefault({ type: defaultProvider })
    .meta({ description: 'Who answers the requests.' }),
  mode: z.enum(['batch', 'standard', 'auto']).default('batch').meta({
    description:
      "batch: through the provider's batch API, at half the price. standard: through the synchronous API, at once. auto: small runs at once, others in batches, as long as the deadline allows.",
  }),
  batch: batchBlock
    .prefault({})
    .meta({ description: 'How requests are packed into batch files, sent and awaited.' }),
  standard: standardBlock.prefault({}).meta({ description: 'How fast synchronous requests are sent.' }),
  auto: autoBlock.prefault({}).meta({ description: 'Which way requests of `mode: auto` go.' }),
  schedule: scheduleBlock.prefault({}).meta({ description: 'What times of day mean.' }),
  notify: notifyBlock.optional().meta({ description: 'Who is told how a run ended. Default: nobody.' }),
  budget: budgetBlock
    .prefault({})
    .meta({ description: 'What a run is expected to cost, and from where on it asks first.' }),
  prices: pricesBlock.default({}).meta({
    description:
      'What models cost, by name, in US dollars per million tokens; it goes before the list of known prices.',
  }),
  runs_table: z.string().min(1).optional().meta({
    description:
      'A table beside a `postgres` or `duckdb` sink, such as public.batchline_runs, that gets a row for each run. Default: none.',
  }),
  targets: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/), z.record(z.string(), z.unknown()))
    .optional()
    .meta({
      description:
        'By name, keys that stand in place of those of the file where `--target NAME` asks for them, each as `--set` would: `trial: { sink: { table: public.tags_trial } }`.',
    }),
  max_failed_rows: maxFailedRows.prefault(0).meta({
    description: 'Up to so many failed rows, or such a share of the answered rows ("1%"), a run ends well.',
  }),
  sink: blocksSchema(sinks, sinkCommon).meta({ description: 'Where the answers go.' }),
  keep_files: z.enum(['loaded', 'failed', 'all']).default('loaded').meta({
    description:
      "What stays on disk once a file is loaded. loaded: the compressed output. failed: only failed rows' lines. all: everything.",
  }),
  state: z.string().min(1).default('.pipeline').meta({
    description: 'The folder of the ledger and the files; a relative one starts at the pipeline file.',
  }),
});

export type Pipeline = z.output<typeof pipelineSchema>;
