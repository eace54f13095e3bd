import { z } from 'zod';

const key = z.union([z.string(), z.number(), z.boolean()]);

const request = z.record(z.string(), z.unknown()).meta({
  description:
    'The whole body of the request, or `contains`, `lacks`: texts that stand, or do not stand, somewhere in it.',
});

const failure = z.union([
  z.string(),
  z.strictObject({
    code: z.string().optional().meta({ description: 'As `pipeline errors` shows it: schema_mismatch.' }),
    stage: z.enum(['render', 'request', 'answer', 'load']).optional(),
    message: z.string().optional().meta({ description: 'A part of the message.' }),
  }),
]);

const rows = z.array(z.record(z.string(), z.unknown())).min(1).meta({
  description: 'Rows as the source would give them: a map of fields each.',
});

const expected = {
  filtered: z.array(key).optional().meta({ description: 'Keys of the rows that a transform leaves out.' }),
  requests: z
    .record(z.string(), request)
    .optional()
    .meta({ description: 'By key, the requests that are made of the rows.' }),
  answers: z.record(z.string(), z.unknown()).optional().meta({
    description:
      'By key, what the model answers: a text, JSON, a vector for embeddings, or a map with one of `response` (a whole response body, with `status` where it is no success), `refusal`, `cut` (a text that ends at the token limit) and `json`.',
  }),
  loaded: z.record(z.string(), z.record(z.string(), z.unknown())).optional().meta({
    description: 'By key, what columns of the sink then hold. Columns that are not named may hold anything.',
  }),
  failed: z.record(z.string(), failure).optional().meta({
    description: 'By key, the rows that fail, with the code, or with code, stage and part of the message.',
  }),
  now: z.string().optional().meta({ description: 'What `now` is. Default: 2000-01-01T00:00:00.000Z.' }),
} as const;

const testCase = z.strictObject({
  name: z.string().min(1).meta({ description: 'Names the case where it is reported.' }),
  rows: rows.optional().meta({ description: "Default: the file's own `rows`." }),
  ...expected,
});

/** `NAME.test.yaml`, beside the pipeline file NAME.yaml. */
export const caseFileSchema = z.strictObject({
  target: z.string().optional().meta({ description: "Which of the pipeline file's targets is tested." }),
  env: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'Environment variables, before all others.' }),
  rows: rows.optional(),
  ...expected,
  cases: z.array(testCase).min(1).optional().meta({ description: 'Several cases, each with a name.' }),
});

export type CaseFile = z.output<typeof caseFileSchema>;

/** What is given and expected at one time. */
export type TestCase = Omit<z.output<typeof testCase>, 'name'>;

/** The JSON Schema of a test file as it is written. */
export function caseJsonSchema(): object {
  const schema = z.toJSONSchema(caseFileSchema, { io: 'input', target: 'draft-07' });
  return { title: 'batchline pipeline test', ...schema };
}
