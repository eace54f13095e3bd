import { createHmac } from 'node:crypto';
import type Anthropic from '@anthropic-ai/sdk';
import type { Redactor } from '../../core/redact.ts';
import type { ApiCalls, CallAccount } from '../http/api-calls.ts';
import { createDispatcher, type Dispatcher, type ProxySettings } from '../http/dispatcher.ts';
import { type Manner, patientFetch } from '../http/patient-fetch.ts';
import { redactorOf } from '../http/secrets.ts';
import { anthropicWords } from './words.ts';

export type AnthropicCalls = ApiCalls<Anthropic>;

export interface AccountSettings {
  /** Empty where there is none: gateways may want none, or another header. */
  readonly apiKey: string;
  /** Without the version that paths begin with, and without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Added to the query of every request. */
  readonly query: Readonly<Record<string, string>>;
  /** Null where the server is reached straight. */
  readonly proxies: ProxySettings | null;
}

interface Connection {
  readonly client: Anthropic;
  readonly dispatcher: Dispatcher | undefined;
}

/** Whose account is used, where, and the client of the official SDK that speaks for it. */
export class Account implements CallAccount<Anthropic> {
  readonly host: string;
  readonly origin: string;
  readonly words = anthropicWords;
  readonly hasKey: boolean;
  readonly fingerprint: string;
  readonly #settings: AccountSettings;
  readonly #redactor: Redactor;
  #connection: Promise<Connection> | undefined;

  constructor(settings: AccountSettings) {
    this.#settings = settings;
    const { host, origin } = new URL(settings.baseUrl);
    this.host = host;
    this.origin = origin;
    this.hasKey = settings.apiKey !== '';
    this.fingerprint = createHmac('sha256', settings.apiKey)
      .update(JSON.stringify(['batchline', 'anthropic', host]))
      .digest('hex');
    this.#redactor = redactorOf(settings);
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  /** The SDK is loaded here, so that commands without a network are spared it. */
  async client(manner: Manner): Promise<Anthropic> {
    this.#connection ??= this.#connect();
    const { client, dispatcher } = await this.#connection;
    return client.withOptions({ fetch: patientFetch(manner, dispatcher) });
  }

  async #connect(): Promise<Connection> {
    const { default: Client } = await import('@anthropic-ai/sdk');
    const { apiKey, baseUrl, headers, query, proxies } = this.#settings;
    const client = new Client({
      // Without a key the SDK looks for one elsewhere; a null header takes the made-up one out again.
      apiKey: apiKey === '' ? 'none' : apiKey,
      defaultHeaders: apiKey === '' ? { authorization: null, ...headers } : { ...headers },
      defaultQuery: { ...query },
      baseURL: baseUrl,
      // Retrying is the engine's: the SDK would repeat a create that was answered too late, and pay twice.
      maxRetries: 0,
      logLevel: 'off',
    });
    return { client, dispatcher: await createDispatcher(proxies) };
  }
}
