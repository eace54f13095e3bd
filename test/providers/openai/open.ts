import type { OpenedProvider } from '../../../src/core/provider.ts';
import { openai } from '../../../src/providers/openai.ts';

/** Opens the provider as the engine does, after its block has been validated. */
export function openProvider(
  block: Parameters<typeof openai.config.parse>[0],
  env: Readonly<Record<string, string>> = {},
): Promise<OpenedProvider> {
  return openai.open(openai.config.parse(block), {
    stateDir: '/nowhere',
    env,
    signal: new AbortController().signal,
    warn: () => undefined,
  });
}

export const never = new AbortController().signal;
