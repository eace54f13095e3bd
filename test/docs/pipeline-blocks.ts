import { parse } from 'yaml';
import { blocksIn, type Block } from './page-blocks.ts';

export type Parts = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** Blocks that are no pipeline's, or are read by a test of their own: page and first words, and which test it is. */
const elsewhere: readonly (readonly [page: RegExp, start: RegExp, test: string])[] = [
  [/^docs\/reference\//, /^/, 'test/reference/examples.deep.test.ts'],
  [/^docs\/providers\//, /^/, 'test/providers/pages.test.ts'],
  [
    /^docs\/emulator\.md$/,
    /^(seed|rows|batches|limits|server|http):/,
    'test/emulator/faults/read-faults.test.ts',
  ],
  [/^docs\/trying-out\.md$/, /^# nightly-tags\.test\.yaml/, 'test/run/cases/trying-out-page.test.ts'],
  [/^docs\/structured-output\.md$/, /^/, 'test/config/structured-output-page.test.ts'],
  [/^docs\/nightly\.md$/, /^(# \.github|# cronjob)/, 'test/docs/nightly-page.test.ts'],
  [/^docs\/getting-started\.md$/, /^# yaml-language-server/, 'test/reference/generate.test.ts'],
];

function testElsewhere({ page, text }: Block): string | undefined {
  return elsewhere.find(([pattern, start]) => pattern.test(page) && start.test(text))?.[2];
}

export const testsElsewhere: readonly string[] = elsewhere.map(([, , test]) => test);

/** The blocks that are pipelines, or parts of one. */
export const pipelineBlocks = blocksIn('yaml').filter((block) => testElsewhere(block) === undefined);

/** A whole pipeline around what a block shows of one. */
export function frame(block: Block): Parts {
  const parts = parse(block.text) as Parts;
  const url = '${DATABASE_URL}';
  // What is read in part replaces no file that stands for the whole.
  const isPart = parts['source']?.['incremental'] !== undefined;
  const isTable = isPart || parts['runs_table'] !== undefined;
  return {
    source: { type: 'postgres', url, table: 'tickets', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', params: { max_tokens: 60 } },
    provider: { type: 'openai' },
    sink: isTable
      ? { type: 'postgres', url, table: 'changes', create: true }
      : { type: 'jsonl', path: 'answers.jsonl' },
    ...(needsEmbedding(parts) && {
      request: { endpoint: 'embeddings', model: 'text-embedding-3-small', input: '{{ text }}' },
    }),
    ...(needsTags(parts) && { request: tagging }),
    ...parts,
  };
}

const tagging = {
  endpoint: 'chat',
  model: 'gpt-4o-mini',
  prompt: '{{ body }}',
  output: {
    schema: {
      type: 'object',
      properties: { tags: { type: 'array', items: { type: 'string' } } },
      required: ['tags'],
      additionalProperties: false,
    },
  },
};

function columnsOf(parts: Parts): string {
  return JSON.stringify(parts['sink']?.['columns'] ?? {});
}

function needsEmbedding(parts: Parts): boolean {
  return columnsOf(parts).includes('embedding');
}

function needsTags(parts: Parts): boolean {
  return columnsOf(parts).includes('json.tags');
}

export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`;
}
