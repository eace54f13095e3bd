import type { DialectFault } from './dialect.ts';
import { asMap } from './json.ts';

/**
 * Parameters of which each would be sent in place of another.
 *
 * @param own what each name is sent as, where that is another one
 */
export function saidTwice(params: unknown, own: Readonly<Record<string, string>>): readonly DialectFault[] {
  const seen = new Map<string, string>();
  return Object.keys(asMap(params) ?? {}).flatMap((name): readonly DialectFault[] => {
    const word = Object.hasOwn(own, name) ? (own[name] ?? name) : name;
    const earlier = seen.get(word);
    seen.set(word, name);
    if (earlier === undefined) return [];
    const message = `says the same as \`${earlier}\`, both being sent as ${word}; take one out`;
    return [{ path: ['params', name], message, at: 'key' }];
  });
}
