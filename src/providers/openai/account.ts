import { createHmac } from 'node:crypto';
import type OpenAI from 'openai';
import type { ClientOptions } from 'openai';
import { Redactor } from '../../core/redact.ts';

export interface AccountSettings {
  /** Empty where there is none: servers of one's own often want no key. */
  readonly apiKey: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly organization: string | null;
  readonly project: string | null;
}

type FetchOptions = NonNullable<ClientOptions['fetchOptions']>;

/** Whose account is used, where, and the client of the official SDK that speaks for it. */
export class Account {
  /** Host and port, which messages name. */
  readonly host: string;
  readonly hasKey: boolean;
  readonly fingerprint: string;
  readonly #settings: AccountSettings;
  readonly #redactor = new Redactor();
  #client: Promise<OpenAI> | undefined;

  constructor(settings: AccountSettings) {
    this.#settings = settings;
    this.host = new URL(settings.baseUrl).host;
    this.hasKey = settings.apiKey !== '';
    this.fingerprint = createHmac('sha256', settings.apiKey)
      .update(JSON.stringify(['batchline', settings.organization, settings.project, this.host]))
      .digest('hex');
    for (const value of [settings.apiKey, ...Object.values(settings.headers)]) this.#redactor.add(value);
  }

  /** Takes key and header values out of text that a server sent; some echo the key that they refuse. */
  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  /** The SDK takes a tenth of a second to load, which commands without a network are spared. */
  client(): Promise<OpenAI> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<OpenAI> {
    const { default: Client } = await import('openai');
    const { apiKey, baseUrl, headers, organization, project } = this.#settings;
    return new Client({
      // The SDK insists on a key; a null header takes the made-up one out again.
      apiKey: apiKey === '' ? 'none' : apiKey,
      defaultHeaders: apiKey === '' ? { authorization: null, ...headers } : headers,
      baseURL: baseUrl,
      organization,
      project,
      // Retrying is the engine's: the SDK would repeat a create that was answered too late, and pay twice.
      maxRetries: 0,
      logLevel: 'off',
      fetchOptions: await patientFetch(),
    });
  }
}

interface AgentClass {
  new (options: { headersTimeout: number; bodyTimeout: number }): unknown;
}

/**
 * How the built-in fetch is to behave.
 * - `redirect: 'error'` and `window: null` keep it from holding a whole upload in memory
 *   (https://github.com/nodejs/undici/issues/4058).
 * - Its timer for response headers also runs while an upload is still flowing, and would end every upload of more
 *   than five minutes; only an agent of the built-in undici's own class can turn it off.
 */
async function patientFetch(): Promise<FetchOptions> {
  const options = { redirect: 'error', window: null } as const;
  await fetch('data:,');
  const dispatcher: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  if (typeof dispatcher !== 'object' || dispatcher === null) return options;
  const Agent = dispatcher.constructor as AgentClass;
  return { ...options, dispatcher: new Agent({ headersTimeout: 0, bodyTimeout: 0 }) } as FetchOptions;
}
