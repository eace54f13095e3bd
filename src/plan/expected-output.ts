import type { LoadedPipeline } from '../config/load.ts';
import { dialectOf } from '../config/dialect-of.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Where it is known from how long answers will be. */
export type OutputBasis = 'history' | 'preview' | 'assumed';

/** Output tokens of one answer. */
export interface ExpectedOutput {
  readonly expected: number | null;
  readonly basis: OutputBasis | null;
  /** The most that an answer may have; null where the request does not say. */
  readonly ceiling: number | null;
}

/** How long an answer is expected to be: as past ones were, else as the file says, else half of what it may be. */
export async function expectedOutput(
  { answers }: Pick<Ledger, 'answers'>,
  { name, pipeline }: LoadedPipeline,
): Promise<ExpectedOutput> {
  const { request, budget } = pipeline;
  if (request.endpoint === 'embeddings') return { expected: 0, basis: null, ceiling: 0 };
  const ceiling = dialectOf(pipeline).outputCeiling?.(request) ?? null;
  const history = await answers.medianAnswer(name, 'history');
  const median = history ?? (await answers.medianAnswer(name, 'preview'));
  const assumed = budget.output_tokens_per_row ?? (ceiling === null ? null : ceiling / 2);
  const expected = median ?? assumed;
  if (expected === null) return { expected: null, basis: null, ceiling };
  const basis = history !== null ? 'history' : median !== null ? 'preview' : 'assumed';
  return { expected: Math.min(expected, ceiling ?? Infinity), basis, ceiling };
}
