import type { BodyPiece, BodyPlan, Endpoint, TemplateRole } from '../../../core/dialect.ts';
import { BatchlineError } from '../../../core/errors.ts';
import { asMap } from '../../../core/json.ts';
import type { MessagePart, PartPlan } from '../../../core/message-part.ts';
import type { MessageContent, RequestBlock } from '../../../core/request-block.ts';
import { jsonToWire } from '../../../core/wire-text.ts';
import { chatPart, responsesPart } from './message-parts.ts';

/** @throws BatchlineError `invalid_request` where the block cannot make a request of its endpoint */
export function planBody(request: RequestBlock, vectors: VectorFormat): BodyPlan {
  return planners[request.endpoint](request, vectors);
}

/** How embeddings are asked for. */
export type VectorFormat = 'base64' | 'float';

const planners: Readonly<Record<Endpoint, (request: RequestBlock, vectors: VectorFormat) => BodyPlan>> = {
  chat: planChat,
  responses: planResponses,
  embeddings: planEmbeddings,
};

function planChat(request: RequestBlock): BodyPlan {
  const messages = chatMessages(request);
  const rest = { ...checkedParams(request, ['model', 'messages', 'stream']), ...responseFormat(request) };
  return {
    pieces: [
      json(`{"model":${JSON.stringify(request.model)},"messages":`),
      ...messageList(messages, chatPart),
      json(`${members(rest)}}`),
    ],
    messages: messages.length,
  };
}

function planResponses(request: RequestBlock): BodyPlan {
  const { system, prompt, messages } = request;
  const params = checkedParams(request, ['model', 'input', 'instructions', 'stream']);
  const rest = { ...params, ...textFormat(request) };
  const instructions =
    system === undefined ? [] : [json(',"instructions":'), ...jsonString(system, 'system')];
  const input =
    messages === undefined
      ? jsonString(needed(prompt, 'prompt'), 'prompt')
      : messageList(messages, responsesPart);
  return {
    pieces: [
      json(`{"model":${JSON.stringify(request.model)}`),
      ...instructions,
      json(',"input":'),
      ...input,
      json(`${members(rest)}}`),
    ],
    messages: (messages?.length ?? 1) + (system === undefined ? 0 : 1),
  };
}

function planEmbeddings(request: RequestBlock, vectors: VectorFormat): BodyPlan {
  const { encoding_format: format, ...rest } = checkedParams(request, ['model', 'input']);
  if (format !== undefined && format !== vectors) {
    throw new BatchlineError(
      'invalid_request',
      `request.params.encoding_format cannot be chosen: embeddings are asked for as ${vectors}.`,
      {
        hint: 'Take encoding_format out; base64 is exact and a quarter of the size, and the sink receives floats all the same. For a server that knows no base64, set provider.compat: { embeddings: float }.',
      },
    );
  }
  return {
    pieces: [
      json(`{"model":${JSON.stringify(request.model)},"input":`),
      ...jsonString(needed(request.input, 'input'), 'input'),
      json(`,"encoding_format":"${vectors}"${members(rest)}}`),
    ],
    messages: 0,
  };
}

interface Message {
  readonly role: string;
  readonly content: MessageContent;
}

function chatMessages({ messages, system, prompt }: RequestBlock): readonly Message[] {
  if (messages !== undefined) return messages;
  const user = { role: 'user', content: needed(prompt, 'prompt') };
  return system === undefined ? [user] : [{ role: 'system', content: system }, user];
}

/** A part in the endpoint's form, which may depend on whose message it is. */
type WriteAs = (part: MessagePart, role: string) => string;

function messageList(messages: readonly Message[], writeAs: WriteAs): readonly BodyPiece[] {
  const hasUser = messages.some(({ role }) => role === 'user');
  const listed = messages.flatMap((message, index) => [
    json(`${index === 0 ? '' : ','}{"role":${JSON.stringify(message.role)},"content":`),
    ...contentPieces(message, message.role === 'user' || !hasUser ? 'prompt' : 'system', writeAs),
    json('}'),
  ]);
  return [json('['), ...listed, json(']')];
}

function contentPieces(
  { role, content }: Message,
  templateRole: TemplateRole,
  writeAs: WriteAs,
): readonly BodyPiece[] {
  if (typeof content === 'string') return jsonString(content, templateRole);
  const parts = content.map((part) => partPlan(part, templateRole));
  return [json('['), { kind: 'parts', parts, write: (part) => writeAs(part, role) }, json(']')];
}

type WrittenPart = Exclude<MessageContent, string>[number];

function partPlan(part: WrittenPart, role: TemplateRole): PartPlan {
  if ('text' in part) return { holds: 'text', template: part.text, role };
  return 'image' in part
    ? { holds: 'image', template: part.image, role }
    : { holds: 'file', template: part.file, role };
}

function jsonString(template: string, role: TemplateRole): readonly BodyPiece[] {
  return [json('"'), { kind: 'template', template, role }, json('"')];
}

function json(text: string): BodyPiece {
  return { kind: 'json', text: jsonToWire(text) };
}

/** `,"key":value` for each member. */
function members(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('');
}

/** Nothing where `params` has it: not every server knows strict schemas. */
function responseFormat({ output, params }: RequestBlock): Readonly<Record<string, unknown>> {
  if (output === undefined || 'response_format' in params) return {};
  const { type, ...schema } = jsonSchemaFormat(output.schema);
  return { response_format: { type, json_schema: schema } };
}

/** Members of `params.text` stay, its format too. */
function textFormat({ output, params }: RequestBlock): Readonly<Record<string, unknown>> {
  if (output === undefined) return {};
  return { text: { format: jsonSchemaFormat(output.schema), ...asMap(params['text']) } };
}

function jsonSchemaFormat(schema: RequestBlockSchema) {
  return { type: 'json_schema', name: 'output', strict: true, schema } as const;
}

type RequestBlockSchema = NonNullable<RequestBlock['output']>['schema'];

function checkedParams(
  request: RequestBlock,
  reserved: readonly string[],
): Readonly<Record<string, unknown>> {
  const clash = Object.keys(request.params).find((name) => reserved.includes(name));
  if (clash === undefined) return request.params;
  throw new BatchlineError(
    'invalid_request',
    `request.params.${clash} collides with what the request already says.`,
    {
      hint: `Take ${clash} out of params; ${clashHint(clash)}`,
    },
  );
}

function clashHint(name: string): string {
  return name === 'stream'
    ? 'a batch cannot stream.'
    : 'it is set from model, system, prompt, messages and input.';
}

function needed(template: string | undefined, key: string): string {
  if (template !== undefined) return template;
  throw new BatchlineError('invalid_request', `request.${key} is missing.`, {
    hint: `Add ${key}: the Liquid template of what is sent for each row.`,
  });
}
