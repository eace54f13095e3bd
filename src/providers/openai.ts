import { z } from 'zod';
import { secret } from '../core/component.ts';
import { defineProvider, type OpenedProvider } from '../core/provider.ts';
import { Account } from './openai/account.ts';
import { openAccount } from './openai/open.ts';
import { openAiDialect } from './openai/dialect/dialect.ts';

/** OpenAI's Batch API, and every server and gateway that speaks it. */
export const openai = defineProvider({
  name: 'openai',
  summary: 'OpenAI, or any server or gateway that speaks its Files and Batches API.',
  config: z.object({
    api_key: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The API key. Default: the variable OPENAI_API_KEY.', ...secret }),
    base_url: z
      .string()
      .refine((text) => text === 'emulator' || /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
        message: 'must be an http(s) address, or `emulator`',
      })
      .default('https://api.openai.com/v1')
      .meta({ description: 'Where the API is, up to and including /v1; or `emulator`.' }),
    headers: z
      .record(z.string().min(1), z.string())
      .default({})
      .meta({ description: 'Sent with every request; gateways use them for routing and keys.', ...secret }),
    organization: z.string().min(1).optional().meta({ description: 'The OpenAI organization to bill.' }),
    project: z.string().min(1).optional().meta({ description: 'The OpenAI project to bill.' }),
  }),
  examples: [{}, { base_url: 'https://api.groq.com/openai/v1', api_key: '${GROQ_API_KEY}' }],
  dialect: openAiDialect,
  open(config, context): Promise<OpenedProvider> {
    const account = new Account({
      apiKey: config.api_key ?? context.env['OPENAI_API_KEY'] ?? '',
      baseUrl: config.base_url.replace(/\/+$/, ''),
      headers: config.headers,
      organization: config.organization ?? null,
      project: config.project ?? null,
    });
    return Promise.resolve(openAccount(account));
  },
});
