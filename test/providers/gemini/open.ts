import type { OpenedProvider } from '../../../src/core/provider.ts';
import { gemini } from '../../../src/providers/gemini.ts';

/** Opens the provider as the engine does, after its block has been validated. */
export function openProvider(
  block: Parameters<typeof gemini.config.parse>[0],
  env: Readonly<Record<string, string>> = {},
): Promise<OpenedProvider> {
  return gemini.open(gemini.config.parse(block), {
    stateDir: '/nowhere',
    env,
    signal: new AbortController().signal,
    warn: () => undefined,
  });
}
