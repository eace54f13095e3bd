import { isMap, type JsonMap } from '../../core/json.ts';
import type { RowFault } from './row-faults.ts';

/** What an answer is changed to; a part that is left out stays as it is. */
interface Change {
  readonly text?: (text: string) => string;
  readonly refusal?: string;
  /** Why it ended early. */
  readonly cut?: 'length' | 'content_filter';
}

/** The change that a fault makes to an answer; undefined where it is none of an answer's faults. */
function changeOf(fault: RowFault): Change | undefined {
  switch (fault.fault) {
    case 'answer':
      return { text: () => fault.text };
    case 'misfit':
      return { text: () => '["this does not fit"]' };
    case 'refusal':
      return { refusal: fault.text };
    case 'length':
      return { text: (text) => text.slice(0, Math.floor(text.length / 2)), cut: 'length' };
    case 'content_filter':
      return { text: () => '', cut: 'content_filter' };
    case 'nul':
      return { text: (text) => insert(text, '\u0000') };
    case 'lone_surrogate':
      return { text: (text) => insert(text, '\ud800') };
    case 'status':
    case 'error':
    case 'missing':
    case 'duplicate':
    case 'stranger':
    case 'unparsable':
      return undefined;
  }
}

/** The body of an answer as a fault leaves it: of a chat completion, a response, or embeddings. */
export function faultyAnswer(body: JsonMap, fault: RowFault): JsonMap {
  const change = changeOf(fault);
  if (change === undefined) return body;
  if (Array.isArray(body['choices'])) return { ...body, choices: body['choices'].map(changeChoice(change)) };
  if (Array.isArray(body['output'])) return changeResponse(body, body['output'], change);
  if (fault.fault === 'misfit' && Array.isArray(body['data'])) {
    return { ...body, data: body['data'].map(shorten) };
  }
  return body;
}

function changeChoice(change: Change) {
  return (choice: JsonMap): JsonMap => {
    const message = isMap(choice['message']) ? choice['message'] : {};
    const { refusal, cut } = change;
    const said =
      refusal === undefined
        ? { content: changeText(message['content'], change) }
        : { content: null, refusal };
    const finish_reason = cut ?? choice['finish_reason'];
    return { ...choice, message: { ...message, ...said }, finish_reason };
  };
}

function changeResponse(body: JsonMap, output: readonly JsonMap[], change: Change): JsonMap {
  const status = change.cut === undefined ? body['status'] : 'incomplete';
  const reason = change.cut === 'length' ? 'max_output_tokens' : change.cut;
  return {
    ...body,
    status,
    incomplete_details: reason === undefined ? body['incomplete_details'] : { reason },
    output: output.map((item) => {
      const content = Array.isArray(item['content']) ? item['content'].map(changePart(change)) : [];
      return { ...item, status, content };
    }),
  };
}

function changePart(change: Change) {
  return (part: JsonMap): JsonMap =>
    change.refusal === undefined
      ? { ...part, text: changeText(part['text'], change) }
      : { type: 'refusal', refusal: change.refusal };
}

function changeText(text: unknown, change: Change): unknown {
  return typeof text === 'string' && change.text !== undefined ? change.text(text) : text;
}

/** Puts something into a text; where the text is JSON, into the first text in it, so that it stays JSON. */
function insert(text: string, part: string): string {
  if (!/^[[{]/.test(text)) return halves(text, part);
  let isDone = false;
  return JSON.stringify(JSON.parse(text), (_key, value: unknown) => {
    if (typeof value !== 'string' || isDone) return value;
    isDone = true;
    return halves(value, part);
  });
}

function halves(text: string, part: string): string {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + part + text.slice(middle);
}

/** An embedding of fewer dimensions than its model has. */
function shorten(entry: JsonMap): JsonMap {
  const { embedding } = entry;
  if (Array.isArray(embedding)) return { ...entry, embedding: embedding.slice(1) };
  const bytes = Buffer.from(String(embedding), 'base64');
  return { ...entry, embedding: bytes.subarray(4).toString('base64') };
}
