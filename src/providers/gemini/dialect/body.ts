import type { BodyPiece, BodyPlan, TemplateRole } from '../../../core/dialect.ts';
import { BatchlineError } from '../../../core/errors.ts';
import { asMap, type JsonMap } from '../../../core/json.ts';
import type { PartPlan } from '../../../core/message-part.ts';
import type { MessageContent, RequestBlock } from '../../../core/request-block.ts';
import { jsonToWire } from '../../../core/wire-text.ts';
import { requestFaults, roles } from './faults.ts';
import { chatParams, embeddingParams, mergeDeep } from './parameters.ts';
import { writePart } from './write-part.ts';

/** @throws BatchlineError `invalid_request` where the block cannot make a request of its endpoint */
export function planBody(request: RequestBlock): BodyPlan {
  const [fault] = requestFaults(request);
  if (fault !== undefined)
    throw invalid(`request.${fault.path.join('.')} ${fault.message}.`, 'Correct it in the pipeline file.');
  return request.endpoint === 'embeddings' ? planEmbedding(request) : planChat(request);
}

function planChat(request: RequestBlock): BodyPlan {
  const messages = messagesOf(request);
  const system = messages.filter(({ role }) => role === 'system');
  const turns = messages.filter(({ role }) => role !== 'system');
  const instruction =
    system.length === 0 ? [] : [json('"systemInstruction":{"parts":['), ...partsOf(system), json(']},')];
  const contents = turns.flatMap((turn, index) => [
    json(`${index === 0 ? '' : ','}{"role":"${turn.role}","parts":[`),
    ...partsOf([turn]),
    json(']}'),
  ]);
  const rest = mergeDeep(outputFormat(request), chatParams(request.params));
  return {
    // What all rows share stands first.
    pieces: [json('{'), ...instruction, json('"contents":['), ...contents, json(`]${members(rest)}}`)],
    messages: turns.length + (system.length > 0 ? 1 : 0),
  };
}

function planEmbedding({ input, params }: RequestBlock): BodyPlan {
  return {
    pieces: [
      json('{"content":{"parts":['),
      ...textPart(needed(input, 'input'), 'input'),
      json(`]}${members(embeddingParams(params))}}`),
    ],
    messages: 0,
  };
}

interface Message {
  readonly role: 'system' | 'user' | 'model';
  readonly content: MessageContent;
  /** What its templates are for. */
  readonly of: TemplateRole;
}

function messagesOf({ messages, system, prompt }: RequestBlock): readonly Message[] {
  if (messages === undefined) {
    const user: Message = { role: 'user', content: needed(prompt, 'prompt'), of: 'prompt' };
    return system === undefined ? [user] : [{ role: 'system', content: system, of: 'system' }, user];
  }
  const hasUser = messages.some(({ role }) => role === 'user');
  return messages.map(({ role, content }) => ({
    role: roles.get(role) ?? 'user',
    content,
    of: role === 'user' || !hasUser ? 'prompt' : 'system',
  }));
}

/** The elements of a list of parts, of one message or of several that become one. */
function partsOf(messages: readonly Message[]): readonly BodyPiece[] {
  if (messages.every(({ content }) => typeof content === 'string'))
    return messages.flatMap(({ content, of }, index) => [
      ...(index === 0 ? [] : [json(',')]),
      ...textPart(content as string, of),
    ]);
  return [{ kind: 'parts', parts: messages.flatMap(partPlans), write: writePart }];
}

function partPlans({ content, of: role }: Message): readonly PartPlan[] {
  if (typeof content === 'string') return [{ holds: 'text', template: content, role }];
  return content.flatMap((part) =>
    Object.entries(part).map(([holds, template]) => ({ holds: holds as PartPlan['holds'], template, role })),
  );
}

function textPart(template: string, role: TemplateRole): readonly BodyPiece[] {
  return [json('{"text":"'), { kind: 'template', template, role }, json('"}')];
}

/** Nothing where `params` say in what format to answer. */
function outputFormat({ output, params }: RequestBlock): JsonMap {
  if (output === undefined || hasOwnFormat(params)) return {};
  return { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: output.schema } };
}

function hasOwnFormat(params: JsonMap): boolean {
  const config = asMap(params['generationConfig']) ?? asMap(params['generation_config']) ?? {};
  return Object.keys(config).some((name) =>
    /^response_?(?:json_?)?(?:schema|mime_?type|format)$/i.test(name),
  );
}

/** `,"key":value` for each member. */
function members(values: JsonMap): string {
  return Object.entries(values)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('');
}

function json(text: string): BodyPiece {
  return { kind: 'json', text: jsonToWire(text) };
}

function needed(template: string | undefined, key: string): string {
  if (template !== undefined) return template;
  throw invalid(
    `request.${key} is missing.`,
    `Add ${key}: the Liquid template of what is sent for each row.`,
  );
}

function invalid(message: string, hint: string): BatchlineError {
  return new BatchlineError('invalid_request', message, { hint });
}
