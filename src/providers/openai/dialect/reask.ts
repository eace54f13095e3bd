import { isComplaint } from '../../../core/complaint.ts';
import { asMap, type JsonMap } from '../../../core/json.ts';

/**
 * The body that asks again: what was asked first, then the answer that was not accepted, and a complaint about it.
 *
 * @param body of chat completions or responses as it was first sent: of several answers only the last is told
 */
export function reask(body: JsonMap, answer: string, complaint: string): JsonMap {
  const { messages, input } = body;
  const addition = [
    { role: 'assistant', content: answer },
    { role: 'user', content: complaint },
  ];
  if (Array.isArray(messages)) return { ...body, messages: [...(messages as unknown[]), ...addition] };
  // By its type a message that was made of a text is known.
  const first =
    typeof input === 'string'
      ? [{ type: 'message', role: 'user', content: input }]
      : ((input ?? []) as readonly unknown[]);
  return { ...body, input: [...first, ...addition] };
}

/**
 * The body as it was first sent, of one that asks again; the same object where it does not. To be used only of rows
 * that have been asked again: what was first sent may look like that too.
 */
export function asked(body: JsonMap): JsonMap {
  const { messages, input } = body;
  if (isReasking(messages)) return { ...body, messages: messages.slice(0, -2) };
  if (!isReasking(input)) return body;
  const first = asMap(input[0]);
  return { ...body, input: first?.['type'] === 'message' ? first['content'] : input.slice(0, -2) };
}

function isReasking(messages: unknown): messages is readonly unknown[] {
  if (!Array.isArray(messages)) return false;
  const [answer, complaint] = messages.slice(-2).map(asMap);
  return answer?.['role'] === 'assistant' && isComplaint(complaint?.['content']);
}
