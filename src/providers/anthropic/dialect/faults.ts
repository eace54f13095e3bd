import type { DialectFault, RequestDraft } from '../../../core/dialect.ts';
import { asList, asMap, asMaps, type JsonMap } from '../../../core/json.ts';
import { isSystem } from './body.ts';
import { hasOwnFormat, reservedNames } from './params.ts';
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

function messageFaults(messages: readonly JsonMap[]): readonly DialectFault[] {
  if (messages.length === 0) return [];
  const faults = messages.flatMap((message, index) => {
    if (!isSystem(message)) return [];
    const parts = asMaps(message['content']);
    const at = parts.findIndex((part) => !('text' in part));
    const hint = 'is text alone at anthropic: a system message holds neither images nor files';
    return at === -1 ? [] : [{ path: ['messages', index, 'content', at], message: hint }];
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
    ...(asList(params['stop']).length > 0 && params['stop_sequences'] !== undefined
      ? [keyFault('stop', 'means the same as stop_sequences; give one of them')]
      : []),
  ];
}

function keyFault(name: string, message: string): DialectFault {
  return { path: ['params', name], message, at: 'key' };
}
