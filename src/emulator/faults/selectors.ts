import { z } from 'zod';
import { duration } from '../../core/quantity.ts';

export const share = z.number().min(0).max(1);
/** For a union, of which zod would only say that nothing fitted. */
export function wanted(text: string) {
  return { error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? undefined : text) };
}
export const positive = z.int().min(1);
/** An HTTP status that says that a request failed. */
export const errorStatus = z.int().min(400).max(599);

/** One number or several, as a list. */
const numbers = z.union(
  [positive.transform((number) => [number]), z.array(positive).min(1)],
  wanted('must be a whole number above 0, or a list of such'),
);

/** Which batches a fault is for; all of them where nothing is said. Batches are counted from when the faults were set. */
export const batchSelector = {
  batches: numbers.optional(),
  times: positive.optional(),
};

/** Which rows of those batches. A row must fit everything that is said. */
export const rowSelector = {
  ...batchSelector,
  custom_ids: z.array(z.string()).min(1).optional(),
  every: positive.optional(),
  fraction: share.optional(),
  attempts: positive.optional(),
};

/** Which of the calls that a fault is for; all of them where nothing is said. */
export const callSelector = {
  requests: numbers.optional(),
  every: positive.optional(),
  burst: positive.optional(),
  fraction: share.optional(),
  after: z
    .union(
      [positive.transform((calls) => ({ calls, ms: 0 })), duration.transform((ms) => ({ calls: 0, ms }))],
      wanted('must be a number of calls, or a duration like 90s'),
    )
    .optional(),
  times: positive.optional(),
};
