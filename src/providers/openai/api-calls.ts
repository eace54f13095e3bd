import type OpenAI from 'openai';
import { BatchlineError } from '../../core/errors.ts';
import type { Account } from './account.ts';
import { type Call, providerError } from './provider-error.ts';

type RequestOptions = NonNullable<Parameters<OpenAI['batches']['retrieve']>[1]>;

/** A call, without what is the same for all calls to one account. */
export type CallInfo = Omit<Call, 'host' | 'redact'>;

/** Sends requests for one account, each once, and turns every failure into a BatchlineError. */
export class ApiCalls {
  readonly #account: Account;
  readonly #timeoutMs: number;

  /** @param timeoutMs the longest wait for an answer, where a request names none of its own */
  constructor(account: Account, timeoutMs: number) {
    this.#account = account;
    this.#timeoutMs = timeoutMs;
  }

  async send<T>(
    call: CallInfo,
    signal: AbortSignal,
    options: RequestOptions,
    request: (client: OpenAI, options: RequestOptions) => PromiseLike<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const client = await this.#account.client();
    try {
      return await request(client, { timeout: this.#timeoutMs, ...options, signal, maxRetries: 0 });
    } catch (error) {
      signal.throwIfAborted();
      throw providerError(error, this.#describe(call));
    }
  }

  async json(response: Response, call: CallInfo): Promise<unknown> {
    try {
      return await response.json();
    } catch (error) {
      if (error instanceof SyntaxError) return this.notUnderstood(call);
      throw providerError(error, this.#describe(call));
    }
  }

  /** For a 2xx answer that is not what the API promises. */
  notUnderstood(call: CallInfo): never {
    throw new BatchlineError(
      'provider_not_understood',
      `${this.#account.host}, while ${call.doing}: its answer is not one of the OpenAI API`,
      {
        where: this.#account.host,
        hint: 'Check provider.base_url: it usually ends in /v1.',
        ...(call.paid === true ? { outcome: 'unknown' as const } : {}),
      },
    );
  }

  #describe(call: CallInfo): Call {
    return { ...call, host: this.#account.host, redact: (text) => this.#account.redact(text) };
  }
}
