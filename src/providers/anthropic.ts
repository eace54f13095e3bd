import { z } from 'zod';
import { defineProvider, type OpenedProvider } from '../core/provider.ts';
import { usualTiers } from '../core/tariff.ts';
import { Account } from './anthropic/account.ts';
import { anthropicLimits } from './anthropic/batches.ts';
import { anthropicDialect } from './anthropic/dialect/dialect.ts';
import { openAccount } from './anthropic/open.ts';
import { apiKeyField, baseUrlField, headersField, queryField } from './http/account-block.ts';
import { proxySettings } from './http/dispatcher.ts';
import { isHeaderText, oddKey } from './http/header-text.ts';

/** Anthropic's Messages API and its message batches. */
export const anthropic = defineProvider({
  name: 'anthropic',
  summary: 'Anthropic, or any gateway that speaks its Messages API and message batches.',
  config: z.object({
    api_key: apiKeyField('the variable ANTHROPIC_API_KEY'),
    base_url: baseUrlField(
      'https://api.anthropic.com',
      'Where the API is, without the /v1 that its paths begin with; or `emulator`.',
    ),
    headers: headersField,
    query: queryField,
  }),
  examples: [{}, { base_url: 'https://gateway.example.com/anthropic', api_key: '${GATEWAY_KEY}' }],
  dialect: anthropicDialect,
  keyVariable: 'ANTHROPIC_API_KEY',
  basePath: '',
  limits: { anthropic: anthropicLimits },
  tariff: { biller: 'anthropic', batch: 0.5, tiers: usualTiers },
  async open(config, context): Promise<OpenedProvider> {
    const apiKey = config.api_key ?? context.env['ANTHROPIC_API_KEY'] ?? '';
    if (!isHeaderText(apiKey)) throw oddKey('ANTHROPIC_API_KEY');
    const account = new Account({
      apiKey,
      // Other providers' addresses end in the version, so that people write it here too.
      baseUrl: config.base_url.replace(/\/+$/, '').replace(/\/v1$/, ''),
      headers: config.headers,
      query: config.query,
      proxies: proxySettings(context.env),
    });
    return openAccount(account, { warn: (message) => context.warn(message) });
  },
});
