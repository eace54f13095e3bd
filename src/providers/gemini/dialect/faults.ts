import type { DialectFault, Endpoint, RequestDraft } from '../../../core/dialect.ts';
import { asList, asMap } from '../../../core/json.ts';
import { nearestName } from '../../../core/did-you-mean.ts';
import { saidTwice } from '../../../core/said-twice.ts';
import { ownWords, writtenKeys } from './parameters.ts';

/** The roles that a message may have, and what each is called here. */
export const roles: ReadonlyMap<string, 'system' | 'user' | 'model'> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'model'],
  ['model', 'model'],
]);

/** What Gemini cannot do of a request block, each at its own place. */
export function requestFaults({ endpoint, messages, params }: RequestDraft): readonly DialectFault[] {
  if (endpoint === 'responses')
    return [
      {
        path: ['endpoint'],
        message: 'responses is not available at gemini; use chat, or provider.type openai',
      },
    ];
  const kind = endpoint as Endpoint;
  return [...roleFaults(messages), ...paramFaults(kind, params), ...saidTwice(params, ownWords(kind))];
}

function roleFaults(messages: unknown): readonly DialectFault[] {
  const given = asList(messages).map((message) => asMap(message)?.['role']);
  const faults = given.flatMap((role, index): readonly DialectFault[] => {
    if (typeof role !== 'string' || roles.has(role)) return [];
    const names = [...roles.keys()];
    const message = `is no role that gemini knows, which are ${names.join(', ')}`;
    return [{ path: ['messages', index, 'role'], message, suggestion: nearestName(role, names) }];
  });
  const isSystemAlone = given.length > 0 && given.every((role) => roles.get(String(role)) === 'system');
  if (!isSystemAlone) return faults;
  return [{ path: ['messages'], message: 'need one of role user: gemini answers no system message alone' }];
}

function paramFaults(endpoint: Endpoint, params: unknown): readonly DialectFault[] {
  return Object.keys(asMap(params) ?? {}).flatMap((name): readonly DialectFault[] => {
    const message = paramFault(endpoint, name);
    return message === null ? [] : [{ path: ['params', name], message, at: 'key' }];
  });
}

function paramFault(endpoint: Endpoint, name: string): string | null {
  if (name === 'stream') return 'cannot be asked for: answers are read whole';
  if (!(writtenKeys[endpoint] ?? []).includes(name)) return null;
  return 'collides with what is made of system, prompt, messages or input; write it there';
}
