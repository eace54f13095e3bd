import { BatchlineError } from '../core/errors.ts';
import type { FaultsInput } from './faults/faults.ts';

type Dialect = Pick<FaultsInput, 'batches' | 'http'>;

const upperCase = { fault: 'status_words', upper_case: true } as const;

/** How servers that speak the Batch API differ from OpenAI's, as far as a client meets it. */
export const dialects = {
  openai: { batches: [{ fault: 'empty_error_file_id' }] },
  azure: {
    batches: [
      {
        fault: 'status_words',
        words: { validating: 'Validating', in_progress: 'InProgress', completed: 'Completed' },
      },
      { fault: 'iso_times' },
      { fault: 'null_counts' },
      { fault: 'empty_error_file' },
    ],
  },
  together: { batches: [upperCase, { fault: 'iso_times' }, { fault: 'no_metadata' }] },
  novita: {
    batches: [
      { fault: 'status_words', upper_case: true, words: { in_progress: 'progress' } },
      { fault: 'no_metadata' },
    ],
  },
  doubleword: { http: [{ fault: 'download_growing', times: 1 }] },
  litellm: { batches: [{ fault: 'no_metadata' }], http: [{ fault: 'download_redirected' }] },
  forgetful: {
    batches: [
      { fault: 'no_metadata' },
      { fault: 'null_counts' },
      { fault: 'request_counts', completed: 0, failed: 0 },
    ],
  },
} as const satisfies Readonly<Record<string, Dialect>>;

/**
 * What an emulator that speaks a dialect is to do, beside other faults.
 *
 * @throws BatchlineError `invalid_option` where nobody knows the dialect
 */
export function withDialect(name: string, faults: FaultsInput = {}): FaultsInput {
  const dialect: Dialect | undefined = Object.hasOwn(dialects, name)
    ? dialects[name as keyof typeof dialects]
    : undefined;
  if (dialect === undefined)
    throw new BatchlineError(
      'invalid_option',
      `the value of --dialect is none that the emulator speaks: ${name}`,
      {
        hint: `Write one of ${Object.keys(dialects).join(', ')}.`,
        exitCode: 2,
      },
    );
  return {
    ...faults,
    batches: [...(dialect.batches ?? []), ...(faults.batches ?? [])],
    http: [...(faults.http ?? []), ...(dialect.http ?? [])],
  };
}
