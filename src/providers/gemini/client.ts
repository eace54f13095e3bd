import { asMap, asText } from '../../core/json.ts';
import type { RequestOptions } from '../http/api-calls.ts';
import type { patientFetch } from '../http/patient-fetch.ts';
import { readStatus, retryDelayMs, violationsIn } from './dialect/status.ts';

/** What a call is, beside what all calls of an account have. */
export interface Sent {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Below the base address, or the whole address where the server has named it. */
  readonly to: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string | Blob;
}

export interface ClientSettings {
  readonly baseUrl: string;
  /** The key too. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/**
 * Plain fetch in place of the official SDK, which repeats the pieces of an upload by itself, and leaves out of a batch why
 * it has failed.
 */
export class GeminiClient {
  readonly #fetch: ReturnType<typeof patientFetch>;
  readonly #settings: ClientSettings;

  constructor(fetch: ReturnType<typeof patientFetch>, settings: ClientSettings) {
    this.#fetch = fetch;
    this.#settings = settings;
  }

  /** A small request with JSON, or none. */
  json(sent: Omit<Sent, 'body'> & { readonly json?: unknown }, options: RequestOptions) {
    const { json, ...rest } = sent;
    if (json === undefined) return this.send(rest, options);
    const headers = { 'content-type': 'application/json', ...options.headers };
    return this.send({ method: 'POST', ...rest, body: JSON.stringify(json) }, { ...options, headers });
  }

  send(sent: Sent, options: RequestOptions): { asResponse(): Promise<Response> } {
    return { asResponse: () => this.#answer(sent, options) };
  }

  async #answer({ method = 'GET', to, query, body }: Sent, options: RequestOptions): Promise<Response> {
    const { baseUrl, headers, query: always } = this.#settings;
    const url = addressOf(to, baseUrl);
    // An upload may go to another server, which is told by its address alone whose it is.
    const isOwn = url.origin === new URL(baseUrl).origin;
    for (const [name, value] of Object.entries({ ...(isOwn ? always : {}), ...query }))
      url.searchParams.set(name, value);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooLate()), options.timeout);
    try {
      const response = await this.#fetch(url, {
        method,
        headers: { ...(isOwn ? headers : {}), ...options.headers },
        signal: AbortSignal.any([options.signal, late.signal]),
        ...(body === undefined ? {} : { body }),
      });
      if (!response.ok) throw await refusalOf(response);
      return response;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Names in a path may hold what ends a path elsewhere. */
function addressOf(to: string, baseUrl: string): URL {
  if (/^https?:\/\//i.test(to)) return new URL(to);
  return new URL(`${baseUrl}${encodeURI(to).replaceAll('?', '%3F').replaceAll('#', '%23')}`);
}

function tooLate(): DOMException {
  return new DOMException('it did not answer in time', 'TimeoutError');
}

/** An answer that is no success. */
class GeminiRefusal extends Error {
  readonly status: number;
  readonly headers: Headers;
  /** What stands in `error` of its body. */
  readonly error: unknown;

  constructor(message: string, { status, headers }: Pick<Response, 'status' | 'headers'>, error: unknown) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.error = error;
  }
}

async function refusalOf(response: Response): Promise<GeminiRefusal> {
  const text = await response.text();
  const error = errorIn(text);
  const status = readStatus(error);
  const said = [status.message ?? asText(text) ?? response.statusText, ...violationsIn(status)];
  const headers = new Headers(response.headers);
  // How long it asks to be left alone stands in the body.
  const delayMs = retryDelayMs(status);
  if (delayMs !== null && !headers.has('retry-after')) headers.set('retry-after-ms', String(delayMs));
  return new GeminiRefusal(said.join('; '), { status: response.status, headers }, error);
}

/** Some calls answer with a list of one. */
function errorIn(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return asMap(Array.isArray(parsed) ? parsed[0] : parsed)?.['error'];
  } catch {
    return undefined;
  }
}
