import { isMap, type JsonMap } from '../../core/json.ts';
import type { BatchForm } from '../batch/batch-form.ts';
import { parseLine, unparsable } from '../batch/check-line.ts';
import { cancelledCode, expiredCode } from '../batch/result-line.ts';
import { changeText, type AnswerChange } from '../faults/answer-change.ts';
import { answerMessage } from './answer-message.ts';
import { errorBody } from './errors.ts';

/** How the ids of its batches begin. */
export const batchIds = 'msgbatch_';

/** Its requests were checked when the batch was created, and its results are one file. */
export const anthropicForm: BatchForm = {
  mostRequests: 100_000,
  isStrict: false,
  hasErrorFile: false,
  keepsExpired: true,
  results: { prefix: 'msgresults_', purpose: 'message_batch_results' },
  readLine: (bytes) => {
    const line = parseLine(bytes);
    if (line === null || !isMap(line['params'])) return unparsable;
    return { customId: String(line['custom_id']), body: line['params'] };
  },
  answer: ({ body }, models) => answerMessage(body, models),
  errorBody: (error) => errorBody(error, null),
  answeredLine: (customId, status, body) =>
    resultLine(
      customId,
      status === 200 ? { type: 'succeeded', message: body } : { type: 'errored', error: body },
    ),
  unansweredLine: (customId, code, message) => resultLine(customId, unanswered(code, message)),
  changeAnswer,
  usageOf: ({ usage }) => {
    if (!isMap(usage)) return { input: 0, output: 0 };
    const {
      input_tokens: fresh,
      cache_creation_input_tokens: written,
      cache_read_input_tokens: read,
    } = usage;
    return { input: Number(fresh) + Number(written) + Number(read), output: Number(usage['output_tokens']) };
  },
};

function resultLine(customId: string, result: JsonMap): string {
  return `${JSON.stringify({ custom_id: customId, result })}\n`;
}

function unanswered(code: string, message: string): JsonMap {
  if (code === cancelledCode) return { type: 'canceled' };
  if (code === expiredCode) return { type: 'expired' };
  return {
    type: 'errored',
    error: { type: 'error', error: { type: code, message }, request_id: null },
  };
}

/** A message as a fault leaves it. Anthropic has one word for whatever it will not say: refusal. */
function changeAnswer(message: JsonMap, change: AnswerChange): JsonMap {
  const { refusal = change.cut === 'content_filter' ? null : undefined } = change;
  if (refusal !== undefined) {
    const stop_details = { type: 'refusal', category: null, explanation: refusal };
    return { ...message, content: [], stop_reason: 'refusal', stop_details };
  }
  const content = Array.isArray(message['content']) ? (message['content'] as JsonMap[]) : [];
  return {
    ...message,
    content: content.map((block) => ({ ...block, text: changeText(block['text'], change) })),
    stop_reason: change.cut === 'length' ? 'max_tokens' : message['stop_reason'],
  };
}
