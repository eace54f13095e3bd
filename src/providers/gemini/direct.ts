import type { DirectResponse, DirectSide } from '../../core/direct-side.ts';
import { retryAfter } from '../http/retry-after.ts';
import { withFields } from '../http/with-fields.ts';
import type { GeminiCalls } from './account.ts';
import { tierName, tiers } from './dialect/tiers.ts';

/** The synchronous endpoints of one account. */
export class GeminiDirect implements DirectSide {
  readonly #api: GeminiCalls;

  constructor(api: GeminiCalls) {
    this.#api = api;
  }

  async ask(line: Buffer, path: string, signal: AbortSignal, tier?: string): Promise<DirectResponse> {
    const body = bodyOf(line);
    const patience = tier === 'flex' ? 'slow' : 'whole';
    const call = { doing: `asking ${path}`, paid: true } as const;
    const headers = { 'content-type': 'application/json' };
    // As text: exactly what the file holds, and its tier.
    const sent = {
      method: 'POST',
      to: path,
      body: tier === undefined ? body : withFields(body, { [tiers.parameter]: tierName(tier) }),
    } as const;
    const answer = await this.#api.exchange(
      call,
      signal,
      (client, options) => client.send(sent, { ...options, headers }),
      patience,
    );
    return {
      status: answer.status,
      requestId: null,
      body: answer.text,
      // No header tells what is left.
      pace: {
        retryAfterMs: retryAfter(answer.headers, Date.now()) ?? null,
        requests: null,
        tokens: null,
      },
    };
  }
}

const bodyMark = '","request":';

/** Exactly what the file holds; an id holds no quotation mark. */
function bodyOf(line: Buffer): string {
  const text = line.toString('utf8');
  return text.slice(text.indexOf(bodyMark) + bodyMark.length, -1);
}
