import type { LineFailure } from '../../../core/dialect.ts';
import { blameOf } from './blame-of.ts';
import { codeOf, readStatus } from './status.ts';

/** The provider owes an answer. */
export const noAnswer: LineFailure = {
  code: 'no_response',
  message: 'The provider gave neither a response nor an error.',
  retryable: true,
  ran: false,
  blame: 'provider',
  usage: null,
};

/** What was not even begun: a pace that was too fast, a batch that was broken off. */
const unrun: ReadonlySet<number | null> = new Set([codeOf('cancelled'), codeOf('resource_exhausted')]);

/** Why a request was not answered, of the error in its line. */
export function lineFailure(error: unknown): LineFailure {
  const status = readStatus(error);
  const blame = blameOf(status);
  return {
    code: status.word ?? 'unknown',
    message: status.message ?? `The provider answered with ${status.word ?? 'an error'}.`,
    retryable: blame === 'provider',
    ran: !unrun.has(status.code),
    blame,
    usage: null,
  };
}
