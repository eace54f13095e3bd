import type { LineFault, Refusal } from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { roomCodes } from '../http/provider-error.ts';

/** What a refused create says of its file; null where it is an error of another kind. */
export function refusedCreate(error: unknown): Refusal | null {
  if (!(error instanceof BatchlineError) || error.outcome === 'unknown') return null;
  const refusal = refusalIn(error);
  return refusal !== null && error.outcome === 'denied' ? { ...refusal, isHearsay: true } : refusal;
}

function refusalIn({ code, message }: BatchlineError): Refusal | null {
  if (code === 'file_too_large') return { kind: 'size', message };
  if (code === roomCodes.batches) return { kind: 'room', of: 'batches', limit: null, message };
  if (code !== 'provider_refused') return null;
  if (/\brequests: list should have at most\b/i.test(message)) return { kind: 'size', message };
  const lines = faultyLines(message);
  return lines.size > 0 ? { kind: 'lines', lines } : { kind: 'unexplained', message };
}

/** `requests.N.custom_id: String should have at most 64 characters`; its N counts from 0. */
function faultyLines(message: string): ReadonlyMap<number, LineFault> {
  const named = [...message.matchAll(/\brequests\.(\d+)\b/g)];
  return new Map(
    named.map(({ 1: number, index }, place) => {
      const end = named[place + 1]?.index ?? message.length;
      const said = message.slice(index, end).replace(/[\s;,]+$/, '');
      return [Number(number) + 1, { code: 'invalid_request_error', message: said }];
    }),
  );
}
