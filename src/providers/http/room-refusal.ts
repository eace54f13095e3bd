import type { Refusal } from '../../core/batch-side.ts';
import type { BatchlineError } from '../../core/errors.ts';
import { roomCodes } from './provider-error.ts';

/**
 * What a create that was turned down says of room, or of its file's size; null where it is an error of another kind.
 *
 * @param statedLimit reads the most enqueued tokens from the words of a refusal
 */
export function roomRefusal(
  { code, message }: BatchlineError,
  statedLimit: (message: string) => number | null,
): Refusal | null {
  if (code === roomCodes.tokens) return { kind: 'room', of: 'tokens', limit: statedLimit(message), message };
  if (code === roomCodes.batches) return { kind: 'room', of: 'batches', limit: null, message };
  return code === 'file_too_large' ? { kind: 'size', message } : null;
}
