import { z } from 'zod';
import { defineProvider, type OpenedProvider } from '../core/provider.ts';
import { usualTiers } from '../core/tariff.ts';
import { Account } from './gemini/account.ts';
import { geminiLimits } from './gemini/batches.ts';
import { geminiDialect } from './gemini/dialect/dialect.ts';
import { openAccount } from './gemini/open.ts';
import { apiKeyField, baseUrlField, headersField, queryField } from './http/account-block.ts';
import { proxySettings } from './http/dispatcher.ts';
import { isHeaderText, oddKey } from './http/header-text.ts';

/** Where a key is looked for, in this order. */
const keyVariables = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'] as const;

/** Google's Gemini Developer API. */
export const gemini = defineProvider({
  name: 'gemini',
  summary: "Google's Gemini Developer API, or a gateway that speaks it; endpoints chat and embeddings.",
  config: z.object({
    api_key: apiKeyField('the variable GEMINI_API_KEY, then GOOGLE_API_KEY'),
    base_url: baseUrlField(
      'https://generativelanguage.googleapis.com',
      'Where the API is, without /v1beta; or `emulator`.',
    ),
    headers: headersField,
    query: queryField,
  }),
  examples: [{}, { base_url: 'https://gateway.example/gemini', api_key: '${GATEWAY_KEY}' }],
  dialect: geminiDialect,
  keyVariable: 'GEMINI_API_KEY',
  basePath: '',
  limits: { gemini: geminiLimits },
  // https://ai.google.dev/gemini-api/docs/optimization: priority costs 75 to 100 % more, by the model.
  tariff: { biller: 'google', batch: 0.5, tiers: { ...usualTiers, flex: 0.5 } },
  async open(config, context): Promise<OpenedProvider> {
    const account = new Account({
      apiKey: config.api_key ?? keyFrom(context.env),
      // Other providers' addresses end in the version, so that people write it here too.
      baseUrl: config.base_url.replace(/\/+$/, '').replace(/\/v1(?:beta)?$/, ''),
      headers: config.headers,
      query: config.query,
      proxies: proxySettings(context.env),
    });
    return openAccount(account, { warn: (message) => context.warn(message) });
  },
});

function keyFrom(env: Readonly<Record<string, string | undefined>>): string {
  const name = keyVariables.find((variable) => (env[variable] ?? '') !== '');
  const key = name === undefined ? '' : (env[name] ?? '');
  if (name !== undefined && !isHeaderText(key)) throw oddKey(name);
  return key;
}
