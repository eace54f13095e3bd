import { z } from 'zod';

/** The keys that the sources of JSON records share. */
export const jsonConfig = {
  path: z.string().min(1).meta({
    description: 'A file, a glob, or - for standard input. .gz and .zst files are decompressed.',
  }),
  fields: z.array(z.string().min(1)).min(1).optional().meta({
    description: 'The names of the fields. Default: every name that the first 1,000 records have.',
  }),
  on_bad_record: z.enum(['error', 'skip']).default('error').meta({
    description: 'What to do with a record that is no JSON object, or is nested more than 1,000 levels deep.',
  }),
} as const;
