import type { DirectResponse, DirectSide, PaceHints, RateWindow } from '../../core/direct-side.ts';
import { retryAfter } from '../http/retry-after.ts';
import type { AnthropicCalls } from './account.ts';

/** The Messages API of one account. */
export class AnthropicDirect implements DirectSide {
  readonly #api: AnthropicCalls;

  constructor(api: AnthropicCalls) {
    this.#api = api;
  }

  async ask(line: Buffer, path: string, signal: AbortSignal): Promise<DirectResponse> {
    const call = { doing: `asking ${path}`, paid: true } as const;
    const body = paramsOf(line);
    const { status, headers, text } = await this.#api.exchange(call, signal, (client, options) =>
      // As text: exactly what the file holds.
      client.post(path, { ...options, body, headers: { 'content-type': 'application/json' } }),
    );
    const requestId = headers.get('request-id');
    return { status, requestId, body: text, pace: paceHints(headers, Date.now()) };
  }
}

const paramsMark = ',"params":';

function paramsOf(line: Buffer): string {
  const text = line.toString('utf8');
  return text.slice(text.indexOf(paramsMark) + paramsMark.length, -1);
}

/** https://platform.claude.com/docs/en/api/rate-limits#response-headers: what is left, and when it is whole again. */
export function paceHints(headers: Headers, now: number): PaceHints {
  const tokens = ['tokens', 'input-tokens', 'output-tokens'].map((what) => windowOf(headers, what, now));
  return {
    retryAfterMs: retryAfter(headers, now) ?? null,
    requests: windowOf(headers, 'requests', now),
    tokens: tokens.reduce(tighter, null),
  };
}

function windowOf(headers: Headers, what: string, now: number): RateWindow | null {
  const remaining = headers.get(`anthropic-ratelimit-${what}-remaining`);
  const resetAt = Date.parse(headers.get(`anthropic-ratelimit-${what}-reset`) ?? '');
  if (remaining === null || !/^\d+$/.test(remaining.trim()) || Number.isNaN(resetAt)) return null;
  return { remaining: Number(remaining), resetMs: Math.max(0, resetAt - now) };
}

/** Of several windows the one of which less is left; of two that are used up, the one that takes longer. */
function tighter(first: RateWindow | null, second: RateWindow | null): RateWindow | null {
  if (first === null || second === null) return first ?? second;
  if (first.remaining !== second.remaining) return first.remaining < second.remaining ? first : second;
  return first.resetMs >= second.resetMs ? first : second;
}
