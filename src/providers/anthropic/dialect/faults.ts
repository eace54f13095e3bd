import type { DialectFault, RequestDraft } from '../../../core/dialect.ts';
import { nearestName } from '../../../core/did-you-mean.ts';
import { asMap, asMaps, type JsonMap } from '../../../core/json.ts';
import { saidTwice } from '../../../core/said-twice.ts';
import { isSystem } from './body.ts';
import { hasOwnFormat, ownNames, reservedNames } from './params.ts';
import { schemaFaults } from './schema-faults.ts';

/** Who can what this provider cannot. */
const elsewhere: Readonly<Record<string, string>> = {
  embeddings: 'openai and gemini make embeddings',
  responses: 'use chat, or provider.type openai',
};

/** What Anthropic cannot do of a request block. */
export function requestFaults({ endpoint, messages, output, params }: RequestDraft): readonly DialectFault[] {
  if (endpoint !== 'chat') return endpointFaults(endpoint);
  const schema = asMap(asMap(output)?.['schema']);
  return [
    ...messageFaults(asMaps(messages)),
    ...(schema === undefined || hasOwnFormat(params) ? [] : schemaFaults(schema, ['output', 'schema'])),
    ...paramFaults(asMap(params) ?? {}),
  ];
}

function endpointFaults(endpoint: unknown): readonly DialectFault[] {
  const who = elsewhere[String(endpoint)];
  if (who === undefined) return [];
  return [{ path: ['endpoint'], message: `${String(endpoint)} is not available at anthropic; ${who}` }];
}

/** Those of system and developer become the system's text. */
const roles = ['system', 'developer', 'user', 'assistant'];

function messageFaults(messages: readonly JsonMap[]): readonly DialectFault[] {
  if (messages.length === 0) return [];
  const faults = messages.flatMap(({ role }, index): readonly DialectFault[] => {
    if (typeof role !== 'string' || roles.includes(role)) return [];
    const message = `is no role that anthropic knows, which are ${roles.join(', ')}`;
    return [{ path: ['messages', index, 'role'], message, suggestion: nearestName(role, roles) }];
  });
  if (messages.every(isSystem))
    faults.push({
      path: ['messages', 0],
      message: 'must be followed by a message of role user at anthropic',
    });
  return faults;
}

function paramFaults(params: JsonMap): readonly DialectFault[] {
  const reserved = reservedNames
    // The model is told of by a fault of its own, at every provider.
    .filter((name) => name !== 'model' && params[name] !== undefined && params[name] !== null)
    .map((name) => {
      const why = name === 'stream' ? 'a batch cannot stream' : 'it is made from system, prompt and messages';
      return keyFault(name, `cannot stand here; ${why}`);
    });
  const { temperature, seed } = params;
  return [
    ...reserved,
    ...(typeof temperature === 'number' && temperature > 1
      ? [{ path: ['params', 'temperature'], message: 'must be 1 or less at anthropic' }]
      : []),
    ...(seed === undefined || seed === null
      ? []
      : [keyFault('seed', 'is not available at anthropic; openai and gemini take it')]),
    ...saidTwice(params, ownNames),
  ];
}

function keyFault(name: string, message: string): DialectFault {
  return { path: ['params', name], message, at: 'key' };
}
