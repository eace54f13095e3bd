import { isComplaint } from '../../../core/complaint.ts';
import { asList, asMap, type JsonMap } from '../../../core/json.ts';

/** The body that asks again: what was asked first, then the answer that was not accepted, and a complaint about it. */
export function reask(body: JsonMap, answer: string, complaint: string): JsonMap {
  const addition = [
    { role: 'assistant', content: answer },
    { role: 'user', content: complaint },
  ];
  return { ...body, messages: [...asList(body['messages']), ...addition] };
}

/** The body as it was first sent, of one that asks again; the same object where it does not. */
export function asked(body: JsonMap): JsonMap {
  const messages = asList(body['messages']);
  const [answer, complaint] = messages.slice(-2).map(asMap);
  const isReasking = answer?.['role'] === 'assistant' && isComplaint(complaint?.['content']);
  return isReasking ? { ...body, messages: messages.slice(0, -2) } : body;
}
