import { createHmac } from 'node:crypto';
import type OpenAI from 'openai';
import type { Redactor } from '../../core/redact.ts';
import type { ApiCalls, CallAccount } from '../http/api-calls.ts';
import { createDispatcher, type Dispatcher, type ProxySettings } from '../http/dispatcher.ts';
import { type Manner, patientFetch } from '../http/patient-fetch.ts';
import { redactorOf } from '../http/secrets.ts';
import { openAiWords } from './words.ts';

export type OpenAiCalls = ApiCalls<OpenAI>;

export interface AccountSettings {
  /** Empty where there is none: servers of one's own often want no key. */
  readonly apiKey: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly organization: string | null;
  readonly project: string | null;
  /** Added to the query of every request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Null or left out where the server is reached straight. */
  readonly proxies?: ProxySettings | null;
}

interface Connection {
  readonly client: OpenAI;
  readonly dispatcher: Dispatcher | undefined;
}

/** Whose account is used, where, and the client of the official SDK that speaks for it. */
export class Account implements CallAccount<OpenAI> {
  readonly host: string;
  readonly words = openAiWords;
  readonly hasKey: boolean;
  readonly fingerprint: string;
  readonly #settings: AccountSettings;
  readonly #redactor: Redactor;
  #connection: Promise<Connection> | undefined;

  constructor(settings: AccountSettings) {
    this.#settings = settings;
    this.host = new URL(settings.baseUrl).host;
    this.hasKey = settings.apiKey !== '';
    this.fingerprint = createHmac('sha256', settings.apiKey)
      .update(JSON.stringify(['batchline', settings.organization, settings.project, this.host]))
      .digest('hex');
    this.#redactor = redactorOf(settings);
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  /** The SDK takes a tenth of a second to load, which commands without a network are spared. */
  async client(manner: Manner): Promise<OpenAI> {
    this.#connection ??= this.#connect();
    const { client, dispatcher } = await this.#connection;
    return client.withOptions({ fetch: patientFetch(manner, dispatcher) });
  }

  async #connect(): Promise<Connection> {
    const { default: Client } = await import('openai');
    const { apiKey, baseUrl, headers, organization, project, query, proxies } = this.#settings;
    const client = new Client({
      // The SDK insists on a key; a null header takes the made-up one out again.
      apiKey: apiKey === '' ? 'none' : apiKey,
      defaultHeaders: apiKey === '' ? { authorization: null, ...headers } : headers,
      defaultQuery: query,
      baseURL: baseUrl,
      organization,
      project,
      // Retrying is the engine's: the SDK would repeat a create that was answered too late, and pay twice.
      maxRetries: 0,
      logLevel: 'off',
    });
    return { client, dispatcher: await createDispatcher(proxies ?? null) };
  }
}
