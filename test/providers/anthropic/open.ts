import type { OpenedProvider } from '../../../src/core/provider.ts';
import { anthropic } from '../../../src/providers/anthropic.ts';

/** Opens the provider as the engine does, after its block has been validated. */
export function openProvider(
  block: Parameters<typeof anthropic.config.parse>[0],
  warn: (message: string) => void = () => undefined,
): Promise<OpenedProvider> {
  return anthropic.open(anthropic.config.parse(block), {
    stateDir: '/nowhere',
    env: {},
    signal: never,
    warn,
  });
}

export const never = new AbortController().signal;
