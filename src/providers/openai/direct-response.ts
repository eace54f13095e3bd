import type { DirectResponse, PaceHints, RateWindow } from '../../core/direct-side.ts';
import type { Exchanged } from '../http/api-calls.ts';
import { retryAfter } from '../http/retry-after.ts';
import { usualStatus } from './dialect/usual-status.ts';

export function directResponse({ status, headers, text }: Exchanged): DirectResponse {
  return {
    status: usualStatus(status),
    requestId: headers.get('x-request-id'),
    body: text,
    pace: paceHints(headers, Date.now()),
  };
}

/** https://platform.openai.com/docs/guides/rate-limits: what is left, and in how long (`6m0s`, `20ms`) it is whole. */
export function paceHints(headers: Headers, now: number): PaceHints {
  return {
    retryAfterMs: retryAfter(headers, now) ?? null,
    requests: windowOf(headers, 'requests'),
    tokens: windowOf(headers, 'tokens'),
  };
}

function windowOf(headers: Headers, what: 'requests' | 'tokens'): RateWindow | null {
  const remaining = headers.get(`x-ratelimit-remaining-${what}`);
  const resetMs = durationMs(headers.get(`x-ratelimit-reset-${what}`) ?? '');
  if (remaining === null || !/^\d+$/.test(remaining.trim()) || resetMs === null) return null;
  return { remaining: Number(remaining), resetMs };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(text: string): number | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return null;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g);
  return parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (units[unit] ?? 0), 0);
}
