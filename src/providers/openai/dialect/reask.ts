import { parseExactJson } from '../../../core/exact-json.ts';
import { valueToJson } from '../../../core/print.ts';
import type { Value } from '../../../core/value.ts';
import { jsonToWire } from '../../../core/wire-text.ts';

interface Message {
  readonly role: string;
  readonly content: string;
  readonly type?: 'message';
}

interface Line {
  readonly body: {
    readonly messages?: readonly Message[];
    readonly input?: string | readonly Message[];
  } & Readonly<Record<string, Value>>;
}

/** How what is asked in addition begins, by which it is told from what was asked first. */
const complaintStart = 'Your answer was not accepted: ';
const complaintEnd = 'Answer again with nothing but JSON that fits the schema.';

/**
 * The request line that asks again: what was asked first, then the answer that was not accepted and why.
 *
 * @param line a request line for chat completions or responses as it was first sent, without its line feed: of
 * several answers only the last is told
 * @param problem what is wrong with the answer, as one sentence
 */
export function reaskingLine(line: Buffer, answer: string, problem: string): Buffer {
  const addition = [
    { role: 'assistant', content: answer.toWellFormed() },
    { role: 'user', content: `${complaintStart}${sentence(problem)} ${complaintEnd}` },
  ];
  const { body, ...frame } = parse(line);
  const { messages, input } = body;
  if (messages !== undefined)
    return print({ ...frame, body: { ...body, messages: [...messages, ...addition] } });
  // By its type a message that was made of a text is known.
  const asked =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : (input ?? []);
  return print({ ...frame, body: { ...body, input: [...asked, ...addition] } });
}

/**
 * The request line as it was first sent, byte by byte, of a line that asks again. To be used only of rows that have
 * been asked again: what was first sent may look like that too.
 */
export function originalLine(line: Buffer): Buffer {
  const { body, ...frame } = parse(line);
  const { messages, input } = body;
  if (isReasking(messages)) return print({ ...frame, body: { ...body, messages: messages.slice(0, -2) } });
  if (typeof input === 'string' || !isReasking(input)) return line;
  const [first] = input;
  const asked = first?.type === 'message' ? first.content : input.slice(0, -2);
  return print({ ...frame, body: { ...body, input: asked } });
}

function isReasking(messages: readonly Message[] | undefined): messages is readonly Message[] {
  const content: unknown = messages?.at(-1)?.content;
  return (
    messages?.at(-2)?.role === 'assistant' &&
    typeof content === 'string' &&
    content.startsWith(complaintStart)
  );
}

function sentence(problem: string): string {
  return /[.!?]$/.test(problem) ? problem : `${problem}.`;
}

function parse(line: Buffer): Line {
  return parseExactJson(line.toString('utf8')) as unknown as Line;
}

function print(line: object): Buffer {
  return Buffer.from(jsonToWire(valueToJson(line as Value)), 'latin1');
}
