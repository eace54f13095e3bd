import { BatchlineError } from '../../core/errors.ts';
import type { Manner } from './patient-fetch.ts';
import type { Patience } from './patience.ts';
import {
  type Call,
  isPageInstead,
  type ProviderWords,
  providerError,
  type Refusal,
  refusalOf,
} from './provider-error.ts';
import { TimeLimit } from './time-limit.ts';
import { excerpt, pageHint, webPage } from './web-page.ts';

/** What every request is sent with; the official SDKs take it as it is. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Retrying is the engine's. */
  readonly maxRetries: 0;
}

/** Whose account is asked, and who speaks for it. */
export interface CallAccount<Client> {
  /** Host and port, which messages name. */
  readonly host: string;
  readonly words: ProviderWords;
  /** Takes keys out of text that a server sent. */
  redact(text: string): string;
  /** A new one. */
  client(manner: Manner): Promise<Client>;
}

/** A call, without what is the same for all calls to one account. */
export type CallInfo = Omit<Call, 'host' | 'redact' | 'words'>;

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest wait for an answer to begin, where it is not the usual. */
  readonly timeout?: number;
  /** The longest wait for each next byte of it, where it is not the usual. */
  readonly silenceMs?: number;
}

/** An answer of any status. */
export interface Exchanged {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A refusal rejects with an error that has `status`, `headers` and the body's `error`, as the official SDKs throw it. */
type Send<Client> = (client: Client, options: RequestOptions) => { asResponse(): Promise<Response> };

/**
 * Sends requests for one account, each once, and turns every failure into a BatchlineError. No answer is waited for
 * without end: neither for its first byte nor for any later one.
 */
export class ApiCalls<Client> {
  readonly #account: CallAccount<Client>;
  readonly #patience: Patience;
  /** By their manner, of which there are few: making one takes longer than a small request. */
  readonly #clients = new Map<string, Promise<Client>>();

  constructor(account: CallAccount<Client>, patience: Patience) {
    this.#account = account;
    this.#patience = patience;
  }

  /** The JSON that a small request is answered with, read whole. */
  async ask(
    call: CallInfo,
    signal: AbortSignal,
    options: CallOptions,
    request: Send<Client>,
  ): Promise<unknown> {
    using limit = new TimeLimit(signal, Math.max(this.#patience.whole, options.timeout ?? 0));
    const manner = { silenceMs: this.#patience.silence, ...options, follows: false };
    try {
      const response = await this.#send(limit.signal, manner, request);
      return this.#parse(await response.text(), call);
    } catch (error) {
      signal.throwIfAborted();
      throw providerError(limit.signal.aborted ? limit.signal.reason : error, this.#describe(call));
    }
  }

  /**
   * The answer to a request, whatever its status, read whole.
   *
   * @throws BatchlineError where none came, or one that is not the provider's
   */
  async exchange(
    call: CallInfo,
    signal: AbortSignal,
    request: Send<Client>,
    patience: 'whole' | 'slow' = 'whole',
  ): Promise<Exchanged> {
    const { [patience]: whole, silence } = this.#patience;
    using limit = new TimeLimit(signal, whole);
    try {
      // How long a model thinks is no silence.
      const manner = { silenceMs: silence, timeout: whole, follows: false };
      const response = await this.#send(limit.signal, manner, request);
      const text = await response.text();
      // Who answers in the provider's place, or breaks its answer off, says nothing about the request.
      if (!isJson(text)) return this.notUnderstood(call, text, true);
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      signal.throwIfAborted();
      const refusal = refusalOf(error);
      if (refusal?.headers === undefined || isPageInstead(refusal))
        throw providerError(limit.signal.aborted ? limit.signal.reason : error, this.#describe(call));
      return { status: refusal.status, headers: refusal.headers, text: bodyOf(refusal) };
    }
  }

  /** A response whose body is the caller's to read; it may come from elsewhere than the provider. */
  async open(call: CallInfo, signal: AbortSignal, request: Send<Client>): Promise<Response> {
    try {
      return await this.#send(signal, { silenceMs: this.#patience.silence, follows: true }, request);
    } catch (error) {
      signal.throwIfAborted();
      throw providerError(error, this.#describe(call));
    }
  }

  async #send(
    signal: AbortSignal,
    { silenceMs, follows, ...options }: CallOptions & Manner,
    request: Send<Client>,
  ): Promise<Response> {
    signal.throwIfAborted();
    const client = await this.#client({ silenceMs, follows });
    const timeout = options.timeout ?? this.#patience.answer;
    return request(client, { ...options, timeout, signal, maxRetries: 0 }).asResponse();
  }

  #client(manner: Manner): Promise<Client> {
    const name = `${manner.silenceMs} ${manner.follows}`;
    const known = this.#clients.get(name) ?? this.#account.client(manner);
    this.#clients.set(name, known);
    return known;
  }

  #parse(text: string, call: CallInfo): unknown {
    try {
      return JSON.parse(text);
    } catch {
      return this.notUnderstood(call, text);
    }
  }

  /**
   * For a 2xx answer that is not what the API promises.
   *
   * @param text the answer, where it is no JSON
   * @param retryable whether the next answer may be another
   */
  notUnderstood(call: CallInfo, text = '', retryable = false): never {
    const { host, words } = this.#account;
    const page = webPage(text);
    const what = page ?? (text.trim() === '' ? 'its answer' : `its answer (${excerpt(text)})`);
    throw new BatchlineError(
      'provider_not_understood',
      `${host}, while ${call.doing}: ${this.#account.redact(what)} is not one of the ${words.api}`,
      {
        where: host,
        retryable,
        hint: page === null ? `Check provider.base_url: ${words.address}.` : pageHint(words.address),
        ...(call.paid === true ? { outcome: 'unknown' as const } : {}),
      },
    );
  }

  #describe(call: CallInfo): Call {
    const { host, words } = this.#account;
    return { ...call, host, words, redact: (text) => this.#account.redact(text) };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The SDK keeps of a refusal's body what stands in `error`. */
function bodyOf({ said, message }: Refusal): string {
  return said === undefined ? message : JSON.stringify({ error: said });
}
