import { asList, asMap } from '../core/json.ts';
import type { Fault } from './fault.ts';
import { requestDraft } from './request-draft.ts';

/** Images and files are shown to a model by its user; what rules it, and what it said itself, is text. */
export function checkMessages(data: unknown): readonly Fault[] {
  return asList(requestDraft(data).messages).flatMap((each, message) => {
    const { role, content } = asMap(each) ?? {};
    if (typeof role !== 'string' || role === 'user') return [];
    return asList(content).flatMap((part, index) =>
      ['image', 'file']
        .filter((key) => Object.hasOwn(asMap(part) ?? {}, key))
        .map((key) => ({
          path: ['request', 'messages', message, 'content', index, key],
          message: `stands in a message of role ${role}, which holds text alone; put it into one of role user`,
          at: 'key' as const,
        })),
    );
  });
}
