import { z } from 'zod';
import { defineProvider, type OpenedProvider } from '../core/provider.ts';
import { Account } from './openai/account.ts';
import { compatBlock } from './openai/compat.ts';
import { proxySettings } from './http/dispatcher.ts';
import { openAccount } from './openai/open.ts';
import {
  knownServers,
  limitsOf,
  openAiLimits,
  openAiTariff,
  tariffAt,
  withoutBatches,
} from './openai/servers.ts';
import { floatDialect, openAiDialect } from './openai/dialect/dialect.ts';
import { apiKeyField, baseUrlField, headersField, queryField } from './http/account-block.ts';
import { isHeaderText, oddKey } from './http/header-text.ts';

/** OpenAI's Batch API, and every server and gateway that speaks it. */
export const openai = defineProvider({
  name: 'openai',
  summary: 'OpenAI, or any server or gateway that speaks its Files and Batches API.',
  config: z.object({
    api_key: apiKeyField('the variable OPENAI_API_KEY'),
    base_url: baseUrlField(
      'https://api.openai.com/v1',
      'Where the API is, up to and including /v1; or `emulator`.',
    ),
    headers: headersField,
    organization: z.string().min(1).optional().meta({ description: 'The OpenAI organization to bill.' }),
    project: z.string().min(1).optional().meta({ description: 'The OpenAI project to bill.' }),
    query: queryField,
    compat: compatBlock.prefault({}).meta({
      description: 'What a compatible server refuses: it is switched off here.',
    }),
  }),
  examples: [{}, { base_url: 'https://api.groq.com/openai/v1', api_key: '${GROQ_API_KEY}' }],
  dialect: openAiDialect,
  keyVariable: 'OPENAI_API_KEY',
  basePath: '/v1',
  dialectFor: ({ compat }) => (compat.embeddings === 'float' ? floatDialect : openAiDialect),
  limits: Object.fromEntries([
    ['openai', openAiLimits],
    ...knownServers
      .filter(({ withoutBatches }) => withoutBatches === undefined)
      .map((server) => [server.name, limitsOf(server)] as const),
  ]),
  tariff: openAiTariff,
  tariffAt,
  faults: ({ base_url: url }, need) => {
    const host = typeof url === 'string' ? URL.parse(url)?.host : undefined;
    const message = need === 'answers' || host === undefined ? undefined : withoutBatches(host);
    return message === undefined ? [] : [{ path: ['base_url'], message }];
  },
  async open(config, context): Promise<OpenedProvider> {
    const apiKey = config.api_key ?? context.env['OPENAI_API_KEY'] ?? '';
    if (!isHeaderText(apiKey)) throw oddKey('OPENAI_API_KEY');
    const account = new Account({
      apiKey,
      baseUrl: config.base_url.replace(/\/+$/, ''),
      headers: config.headers,
      organization: config.organization ?? null,
      project: config.project ?? null,
      query: config.query,
      proxies: proxySettings(context.env),
    });
    const warn = (message: string) => context.warn(message);
    return openAccount(account, { compat: config.compat, warn });
  },
});
