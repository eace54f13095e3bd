import type { Host, Signals } from '../core/host.ts';
import type { CommandContext } from './context.ts';
import type { View } from './render/view.ts';

/** How a person is asked; undefined where nobody sits at a terminal. */
export function askingAt(view: View, { stderr }: CommandContext, { drain }: Signals): Host['confirm'] {
  if (!process.stdin.isTTY || stderr.isTTY !== true) return undefined;
  return async (message) => {
    using _held = view.hold?.();
    const { confirm } = await import('@clack/prompts');
    // An answer that was broken off is none.
    return (await confirm({ message, initialValue: false, output: stderr, signal: drain })) === true;
  };
}
