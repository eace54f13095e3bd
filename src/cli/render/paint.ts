import { styleText } from 'node:util';

export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** Colours, unless `NO_COLOR` is set. */
export function paintFor(env: Readonly<Record<string, string | undefined>>): Paint {
  const hasColour = (env['NO_COLOR'] ?? '') === '';
  return (style, text) => (hasColour ? styleText(style, text, { validateStream: false }) : text);
}
