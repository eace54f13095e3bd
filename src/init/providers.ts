import { BatchlineError } from '../core/errors.ts';
import type { Block, Variable } from './plan.ts';
import type { Purpose } from './purposes.ts';

interface Known {
  readonly label: string;
  readonly keyVariable: string;
  readonly chat: string;
  readonly embeddings?: string;
}

/** The providers that `init` offers by name, with a cheap model of each. */
export const knownProviders: Readonly<Record<string, Known>> = {
  openai: {
    label: 'OpenAI',
    keyVariable: 'OPENAI_API_KEY',
    chat: 'gpt-4o-mini',
    embeddings: 'text-embedding-3-small',
  },
  anthropic: { label: 'Anthropic', keyVariable: 'ANTHROPIC_API_KEY', chat: 'claude-haiku-4-5' },
  gemini: {
    label: 'Gemini',
    keyVariable: 'GEMINI_API_KEY',
    chat: 'gemini-2.5-flash',
    embeddings: 'gemini-embedding-001',
  },
};

export interface ProviderChoice {
  /** A name of `knownProviders`, `emulator`, or the address of a server that speaks OpenAI's protocol. */
  readonly provider: string;
  readonly isEmulator: boolean;
  readonly model: string | undefined;
}

export interface ChosenProvider {
  readonly block: Block;
  readonly model: string;
  readonly variables: readonly Variable[];
}

/** @throws BatchlineError where there is no such provider, or it has no model for the purpose */
export function chooseProvider(choice: ProviderChoice, { endpoint }: Purpose): ChosenProvider {
  const isEmulator = choice.isEmulator || choice.provider === 'emulator';
  const name = choice.provider === 'emulator' ? 'openai' : choice.provider;
  const known = knownProviders[name];
  if (known === undefined) return serverAt(choice, endpoint);
  const model = choice.model ?? known[endpoint];
  if (model === undefined)
    throw new BatchlineError('no_model', `${known.label} has no ${endpoint}.`, {
      hint: 'Take --provider openai or --provider gemini for embeddings.',
      exitCode: 2,
    });
  const variable = { name: known.keyVariable, example: 'your-key' };
  return {
    block: isEmulator ? { type: name, base_url: 'emulator' } : { type: name },
    model,
    variables: isEmulator ? [] : [variable],
  };
}

function serverAt({ provider, model, isEmulator }: ProviderChoice, endpoint: string): ChosenProvider {
  const url = URL.parse(provider);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new BatchlineError('unknown_provider', `There is no provider "${provider}".`, {
      hint: `Take one of ${Object.keys(knownProviders).join(', ')}, emulator, or the address of a server that speaks OpenAI's protocol.`,
      exitCode: 2,
    });
  if (url.username !== '' || url.password !== '')
    throw new BatchlineError('key_in_address', 'The address of the provider holds a user or password.', {
      hint: 'Leave them out; the key goes into the variable OPENAI_API_KEY.',
      exitCode: 2,
    });
  if (model === undefined)
    throw new BatchlineError('no_model', `Which model ${url.host} is to be asked for is not said.`, {
      hint: `Name one of its models for ${endpoint} with --model.`,
      exitCode: 2,
    });
  return {
    block: { type: 'openai', base_url: isEmulator ? 'emulator' : provider },
    model,
    variables: isEmulator ? [] : [{ name: 'OPENAI_API_KEY', example: 'your-key' }],
  };
}
