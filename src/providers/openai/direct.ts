import type { DirectResponse, DirectSide, LaterSide } from '../../core/direct-side.ts';
import type { OpenAiCalls } from './account.ts';
import { tiers } from './dialect/tiers.ts';
import { OpenAiBackground } from './background.ts';
import { directResponse } from './direct-response.ts';
import { withFields } from '../http/with-fields.ts';
import { requestOf } from './request-of.ts';

/** The synchronous endpoints of one account. */
export class OpenAiDirect implements DirectSide {
  readonly #api: OpenAiCalls;
  readonly later: LaterSide;

  constructor(api: OpenAiCalls) {
    this.#api = api;
    this.later = new OpenAiBackground(api);
  }

  async ask(line: Buffer, _path: string, signal: AbortSignal, tier?: string): Promise<DirectResponse> {
    const { path, body } = requestOf(line);
    const patience = tier === 'flex' ? 'slow' : 'whole';
    const call = { doing: `asking ${path}`, paid: true } as const;
    const exchanged = await this.#api.exchange(
      call,
      signal,
      (client, options) =>
        client.post(path, {
          ...options,
          // As text: exactly what the file holds, and its tier.
          body: tier === undefined ? body : withFields(body, { [tiers.parameter]: tier }),
          headers: { 'content-type': 'application/json' },
        }),
      patience,
    );
    return directResponse(exchanged);
  }
}
