import type { BodyPiece, BodyPlan, TemplateRole } from '../../../core/dialect.ts';
import { BatchlineError } from '../../../core/errors.ts';
import type { PartPlan } from '../../../core/message-part.ts';
import type { MessageContent, RequestBlock } from '../../../core/request-block.ts';
import { jsonToWire } from '../../../core/wire-text.ts';
import { type CacheMark, cacheMark, markText } from './cache-mark.ts';
import { contentBlock } from './message-parts.ts';
import { messageParams } from './params.ts';

export interface Message {
  readonly role: string;
  readonly content: MessageContent;
}

/** What is said to the model: its instructions, and the messages. */
export interface Conversation {
  readonly system: string | null;
  readonly messages: readonly Message[];
}

/** @throws BatchlineError `invalid_request` where the block cannot make a request */
export function planBody(request: RequestBlock): BodyPlan {
  const conversation = conversationOf(request);
  const { system, messages } = conversation;
  const { maxTokens, rest } = messageParams(request);
  const mark = request.cache === 'auto' ? cacheMark(conversation, rest) : null;
  const pieces = [
    json(`{"model":${JSON.stringify(request.model)},"max_tokens":${JSON.stringify(maxTokens)}`),
    ...(system === null ? [] : [json(',"system":'), ...textPieces(system, 'system', cutOf(mark, 'system'))]),
    json(',"messages":['),
    ...messages.flatMap((message, index) => messagePieces(messages, message, index, mark)),
    json(']'),
    ...restPieces(rest, mark),
    json('}'),
  ];
  return { pieces, messages: messages.length + (system === null ? 0 : 1) };
}

/** Messages of the system's roles stand beside the others here, as one text. */
function conversationOf({ messages, system, prompt }: RequestBlock): Conversation {
  if (messages === undefined) {
    const user = { role: 'user', content: needed(prompt) };
    return { system: system ?? null, messages: [user] };
  }
  const own = messages.filter(isSystem).map(({ content }) => systemText(content));
  return {
    system: own.length === 0 ? null : own.join('\n\n'),
    messages: messages.filter((message) => !isSystem(message)),
  };
}

export function isSystem({ role }: { readonly role?: unknown }): boolean {
  return role === 'system' || role === 'developer';
}

function systemText(content: MessageContent): string {
  if (typeof content === 'string') return content;
  return content.map((part) => ('text' in part ? part.text : '')).join('\n\n');
}

function messagePieces(
  messages: readonly Message[],
  { role, content }: Message,
  index: number,
  mark: CacheMark | null,
): readonly BodyPiece[] {
  const hasUser = messages.some((message) => message.role === 'user');
  const templateRole = role === 'user' || !hasUser ? 'prompt' : 'system';
  return [
    json(`${index === 0 ? '' : ','}{"role":${JSON.stringify(role)},"content":`),
    ...(typeof content === 'string'
      ? textPieces(content, templateRole, cutOf(mark, index))
      : partPieces(content, templateRole)),
    json('}'),
  ];
}

function partPieces(content: Exclude<MessageContent, string>, role: TemplateRole): readonly BodyPiece[] {
  const parts = content.map((part): PartPlan => {
    if ('text' in part) return { holds: 'text', template: part.text, role };
    return 'image' in part
      ? { holds: 'image', template: part.image, role }
      : { holds: 'file', template: part.file, role };
  });
  return [json('['), { kind: 'parts', parts, write: contentBlock }, json(']')];
}

/** Where the mark stands in a text; null where it stands elsewhere. */
function cutOf(mark: CacheMark | null, place: CacheMark['place']): number | null {
  return mark?.place === place ? mark.at : null;
}

/**
 * A text as a JSON string. One that is to be kept has to be a list of blocks, of which the first carries the mark; all
 * that makes it one stands aside, so that the request is the same whether it is kept or not.
 *
 * @param cut where the first block ends; null where nothing is marked
 */
function textPieces(text: string, role: TemplateRole, cut: number | null): readonly BodyPiece[] {
  if (cut === null) return [json('"'), { kind: 'template', template: text, role }, json('"')];
  const first = [
    aside('[{"text":'),
    json('"'),
    { kind: 'template', template: text.slice(0, cut), role } as const,
  ];
  const end = `,"type":"text","cache_control":${markText}}`;
  if (cut === text.length) return [...first, json('"'), aside(`${end}]`)];
  return [
    ...first,
    aside(`"${end},{"text":"`),
    { kind: 'template', template: text.slice(cut), role },
    json('"'),
    aside(',"type":"text"}]'),
  ];
}

/** The other members of the body. */
function restPieces(rest: Readonly<Record<string, unknown>>, mark: CacheMark | null): readonly BodyPiece[] {
  return Object.entries(rest).flatMap(([name, value]) => {
    const member = `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
    if (name !== 'tools' || mark?.place !== 'tools') return [json(member)];
    return [json(member.slice(0, -2)), aside(`,"cache_control":${markText}`), json(member.slice(-2))];
  });
}

function json(text: string): BodyPiece {
  return { kind: 'json', text: jsonToWire(text) };
}

function aside(text: string): BodyPiece {
  return { kind: 'aside', text: jsonToWire(text) };
}

function needed(template: string | undefined): string {
  if (template !== undefined) return template;
  throw new BatchlineError('invalid_request', 'request.prompt is missing.', {
    hint: 'Add prompt: the Liquid template of what is sent for each row.',
  });
}
