import { isMap, type JsonMap } from '../../core/json.ts';
import { changeText, type AnswerChange } from './answer-change.ts';

/** The body of OpenAI's answer as a fault leaves it: of a chat completion, a response, or embeddings. */
export function changeAnswer(body: JsonMap, change: AnswerChange): JsonMap {
  if (Array.isArray(body['choices'])) return { ...body, choices: body['choices'].map(changeChoice(change)) };
  if (Array.isArray(body['output'])) return changeResponse(body, body['output'], change);
  if (change.shortens === true && Array.isArray(body['data'])) {
    return { ...body, data: body['data'].map(shorten) };
  }
  return body;
}

function changeChoice(change: AnswerChange) {
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

function changeResponse(body: JsonMap, output: readonly JsonMap[], change: AnswerChange): JsonMap {
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

function changePart(change: AnswerChange) {
  return (part: JsonMap): JsonMap =>
    change.refusal === undefined
      ? { ...part, text: changeText(part['text'], change) }
      : { type: 'refusal', refusal: change.refusal };
}

/** An embedding of fewer dimensions than its model has. */
function shorten(entry: JsonMap): JsonMap {
  const { embedding } = entry;
  if (Array.isArray(embedding)) return { ...entry, embedding: embedding.slice(1) };
  const bytes = Buffer.from(String(embedding), 'base64');
  return { ...entry, embedding: bytes.subarray(4).toString('base64') };
}
