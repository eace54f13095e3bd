import type { Begun, LaterSide, Looked } from '../../core/direct-side.ts';
import { asMap, asText, type JsonMap } from '../../core/json.ts';
import type { Exchanged } from '../http/api-calls.ts';
import type { OpenAiCalls } from './account.ts';
import { tiers } from './dialect/tiers.ts';
import { directResponse } from './direct-response.ts';
import { withFields } from '../http/with-fields.ts';
import { requestOf } from './request-of.ts';

/** Any other word may be one of a response that goes on. */
const endedWords: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'incomplete',
  'cancelled',
  'expired',
]);

/** Responses in the background: https://platform.openai.com/docs/guides/background. */
export class OpenAiBackground implements LaterSide {
  readonly #api: OpenAiCalls;

  constructor(api: OpenAiCalls) {
    this.#api = api;
  }

  async begin(line: Buffer, signal: AbortSignal, tier: string): Promise<Begun> {
    const { path, body } = requestOf(line);
    const call = { doing: `asking ${path}`, paid: true } as const;
    const exchanged = await this.#api.exchange(call, signal, (client, options) =>
      client.post(path, {
        ...options,
        body: withFields(body, tiers.window?.(tier) ?? {}),
        headers: { 'content-type': 'application/json' },
      }),
    );
    const { id, isUnderWay } = standing(exchanged);
    return { ...directResponse(exchanged), handle: isUnderWay ? id : null };
  }

  async look(handle: string, signal: AbortSignal): Promise<Looked> {
    const call = { doing: `looking at response ${handle}` };
    return looked(
      await this.#api.exchange(call, signal, (client, options) => client.get(pathOf(handle), options)),
    );
  }

  async abandon(handle: string, signal: AbortSignal): Promise<Looked> {
    const call = { doing: `cancelling response ${handle}` };
    return looked(
      await this.#api.exchange(call, signal, (client, options) =>
        client.post(`${pathOf(handle)}/cancel`, options),
      ),
    );
  }
}

function pathOf(handle: string): string {
  return `/responses/${encodeURIComponent(handle)}`;
}

function looked(exchanged: Exchanged): Looked {
  return { ...directResponse(exchanged), state: stateOf(exchanged) };
}

function stateOf(exchanged: Exchanged): Looked['state'] {
  const { status } = exchanged;
  if (status === 404 || status === 410) return 'gone';
  if (status >= 300) return 'unsaid';
  return standing(exchanged).isUnderWay ? 'under_way' : 'ended';
}

/** What is no response by its words is taken as it came. */
function standing({ status, text }: Exchanged): { readonly id: string | null; readonly isUnderWay: boolean } {
  const body: JsonMap = (status < 300 ? asMap(JSON.parse(text)) : undefined) ?? {};
  const [id, word] = [asText(body['id']), asText(body['status'])];
  return { id, isUnderWay: id !== null && word !== null && !endedWords.has(word.toLowerCase()) };
}
