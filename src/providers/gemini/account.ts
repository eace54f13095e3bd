import { createHmac } from 'node:crypto';
import type { Redactor } from '../../core/redact.ts';
import type { ApiCalls, CallAccount } from '../http/api-calls.ts';
import { createDispatcher, type Dispatcher, type ProxySettings } from '../http/dispatcher.ts';
import { type Manner, patientFetch } from '../http/patient-fetch.ts';
import { redactorOf } from '../http/secrets.ts';
import { GeminiClient } from './client.ts';
import { geminiWords } from './words.ts';

export type GeminiCalls = ApiCalls<GeminiClient>;

export interface AccountSettings {
  /** Empty where there is none: a gateway may have its own. */
  readonly apiKey: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Added to the query of every request. */
  readonly query: Readonly<Record<string, string>>;
  /** Null where the server is reached straight. */
  readonly proxies: ProxySettings | null;
}

/** Whose account is used, where, and the client that speaks for it. */
export class Account implements CallAccount<GeminiClient> {
  readonly host: string;
  readonly words = geminiWords;
  readonly hasKey: boolean;
  readonly fingerprint: string;
  readonly #settings: AccountSettings;
  readonly #redactor: Redactor;
  #dispatcher: Promise<Dispatcher | undefined> | undefined;

  constructor(settings: AccountSettings) {
    this.#settings = settings;
    this.host = new URL(settings.baseUrl).host;
    this.hasKey = settings.apiKey !== '';
    this.fingerprint = createHmac('sha256', settings.apiKey)
      .update(JSON.stringify(['batchline', this.host]))
      .digest('hex');
    this.#redactor = redactorOf(settings);
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  async client(manner: Manner): Promise<GeminiClient> {
    const { apiKey, baseUrl, headers, query, proxies } = this.#settings;
    this.#dispatcher ??= createDispatcher(proxies);
    return new GeminiClient(patientFetch(manner, await this.#dispatcher), {
      baseUrl,
      headers: { ...(apiKey === '' ? {} : { 'x-goog-api-key': apiKey }), ...headers },
      query,
    });
  }
}
