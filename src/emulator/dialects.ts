import { BatchlineError } from '../core/errors.ts';
import type { FaultsInput } from './faults/faults.ts';

/** How a server differs from OpenAI, as far as a client meets it. */
interface Dialect extends Pick<FaultsInput, 'batches' | 'http' | 'limits' | 'server'> {
  /** What a pipeline's `provider.compat` has to switch off there. */
  readonly compat?: Readonly<Record<string, unknown>>;
  /** The headers that lead a call to its place. */
  readonly headers?: Readonly<Record<string, string>>;
}

const upperCase = { fault: 'status_words', upper_case: true } as const;
const withoutMetadata = { fault: 'no_metadata' } as const;

/** By the names of the servers; the last ones are those that differ most, without a name. */
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
      { fault: 'no_expiry' },
      { fault: 'phases', validating: '500ms' },
    ],
    limits: { requests: 100_000 },
    server: { pending_uploads: '300ms' },
  },
  groq: {
    limits: { requests: 50_000, bytes: 100_000_000 },
    server: {
      windows: ['24h', '1d', '48h', '2d', '72h', '3d', '96h', '4d', '120h', '5d', '144h', '6d', '168h', '7d'],
    },
  },
  together: {
    batches: [upperCase, { fault: 'iso_times' }, withoutMetadata],
    limits: { requests: 50_000, bytes: 100_000_000 },
    server: { wraps_jobs: true, bare_lists: true },
  },
  novita: {
    batches: [
      { fault: 'status_words', upper_case: true, words: { in_progress: 'progress' } },
      withoutMetadata,
    ],
    server: { bare_lists: true },
  },
  deepinfra: { batches: [{ fault: 'request_counts', failed: null }] },
  nebius: { batches: [{ fault: 'empty_error_file_id' }, { fault: 'null_counts' }] },
  parasail: { limits: { requests: 50_000, bytes: 100_000_000 }, batches: [withoutMetadata] },
  doubleword: { http: [{ fault: 'download_growing', times: 1 }], server: { windows: ['24h', '1h'] } },
  litellm: {
    batches: [withoutMetadata],
    http: [{ fault: 'download_redirected' }],
    // Ids lead calls that name one to their place by themselves.
    server: {
      routed_ids: true,
      requires: { one_of: ['x-litellm-model', 'model'], on: ['upload', 'list_files', 'list_batches'] },
    },
    headers: { 'x-litellm-model': 'gpt-4o-mini' },
  },
  portkey: {
    batches: [withoutMetadata, { fault: 'empty_error_file' }],
    server: { requires: { one_of: ['x-portkey-provider'] } },
    headers: { 'x-portkey-provider': 'openai' },
  },
  perplexity: {
    server: { refuses: ['output_expires_after', 'expires_after'] },
    compat: { output_expires_after: false },
  },
  zhipu: { limits: { requests: 50_000, bytes: 100_000_000 }, batches: [{ fault: 'iso_times' }] },
  forgetful: {
    batches: [
      withoutMetadata,
      { fault: 'null_counts' },
      { fault: 'request_counts', completed: 0, failed: 0 },
    ],
    server: { oldest_first: true },
  },
  strict: {
    server: { refuses: ['metadata', 'output_expires_after', 'expires_after'], bare_lists: true },
    compat: { metadata: false, output_expires_after: false },
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
    limits: { ...dialect.limits, ...faults.limits },
    server: { ...dialect.server, ...faults.server },
    batches: [...(dialect.batches ?? []), ...(faults.batches ?? [])],
    http: [...(faults.http ?? []), ...(dialect.http ?? [])],
  };
}
