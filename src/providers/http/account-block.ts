import { z } from 'zod';
import { secret } from '../../core/component.ts';
import { isHeaderText, oddKeyMessage } from './header-text.ts';

/** @param variables where the key is read from, as in `the variable OPENAI_API_KEY` */
export function apiKeyField(variables: string) {
  return z
    .string()
    .min(1)
    .refine(isHeaderText, { message: oddKeyMessage })
    .optional()
    .meta({ description: `The API key. Default: ${variables}.`, ...secret });
}

export function baseUrlField(usual: string, description: string) {
  return z
    .string()
    .refine((text) => text === 'emulator' || /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
      message: 'must be an http(s) address, or `emulator`',
    })
    .default(usual)
    .meta({ description });
}

export const headersField = z
  .record(
    z.string().refine((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name), { message: 'is no name of a header' }),
    z.string().refine(isHeaderText, { message: 'holds a character that no header takes' }),
  )
  .default({})
  .meta({
    description:
      'Sent with every request, uploads and downloads too; gateways use them for routing and keys. Shown are the values of those alone whose names end in a word of routing, such as `provider` or `model`.',
    ...secret,
  });

export const queryField = z
  .record(z.string().min(1), z.string())
  .default({})
  .meta({ description: 'Added to the query of every request, as in `api-version`.', ...secret });
