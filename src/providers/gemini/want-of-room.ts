import { quotasIn, type Status } from './dialect/status.ts';

/** A want of room, as far as a refused create or a failed batch tells of it. */
export interface WantOfRoom {
  readonly of: 'tokens' | 'batches';
  /** The most enqueued tokens; null where that is not said. */
  readonly limit: number | null;
}

/**
 * What there is too much of where the account's resources are used up; null where that is no more than a pace. Creates
 * are refused with the same words for any limit of batches, most of all for that on enqueued tokens.
 */
export function wantOfRoom(status: Status): WantOfRoom | null {
  const quotas = quotasIn(status);
  if (quotas.some(({ id }) => /PerMinute/i.test(id))) return null;
  const message = status.message ?? '';
  const told = [...quotas.map(({ id }) => id), message].join(' ');
  if (/token/i.test(told)) return { of: 'tokens', limit: quotas[0]?.value ?? statedLimit(message) };
  if (/batch|concurrent|jobs?\b/i.test(told)) return { of: 'batches', limit: null };
  return /exceeded your current quota/i.test(message) ? { of: 'tokens', limit: null } : null;
}

/** `limit: 3,000,000`; null where the message names none. */
export function statedLimit(message: string): number | null {
  const digits = /\blimit:?\s*(\d[\d,._]*)/i.exec(message)?.[1]?.replaceAll(/\D/g, '') ?? '';
  return Number(digits) > 0 ? Number(digits) : null;
}
