import { asMap, asMaps, asText, type JsonMap } from '../../core/json.ts';
import type { CallInfo } from '../http/api-calls.ts';
import type { GeminiCalls } from './account.ts';

/** What is listed, and under which key of a page it stands. */
interface Listed {
  readonly path: string;
  readonly key: string;
  readonly pageSize: number;
}

/** What a listing holds, page after page. A page that leads to where one has been already is the last. */
export async function* everything(
  api: GeminiCalls,
  call: CallInfo,
  { path, key, pageSize }: Listed,
  signal: AbortSignal,
): AsyncGenerator<JsonMap> {
  const seen = new Set<string>();
  for (let token = ''; !seen.has(token);) {
    seen.add(token);
    const query = { pageSize: String(pageSize), ...(token === '' ? {} : { pageToken: token }) };
    const answer = await api.ask(call, signal, {}, (client, options) =>
      client.json({ to: path, query }, options),
    );
    const page = asMap(answer) ?? api.notUnderstood(call);
    // An empty list is left out.
    yield* asMaps(page[key]);
    token = asText(page['nextPageToken']) ?? '';
  }
}
