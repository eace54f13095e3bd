import type { ClassifiedResult } from '../../src/core/batch-result.ts';
import type { Endpoint } from '../../src/core/dialect.ts';
import type { AnswerNeed } from '../../src/core/result-variables.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { type AnswerReader, createAnswerReader } from '../../src/results/answer-reader.ts';
import type { OutputValidator } from '../../src/results/output-validator.ts';

export function reader(
  endpoint: Endpoint,
  needs: readonly AnswerNeed[],
  validate?: OutputValidator,
): AnswerReader {
  return createAnswerReader({ dialect: openAiDialect, endpoint, needs: new Set(needs), validate });
}

/** Reads one line out of the middle of a block, as it lies there. */
export function readLine(answers: AnswerReader, line: unknown): ClassifiedResult {
  const text = typeof line === 'string' ? line : JSON.stringify(line);
  const block = Buffer.from(`{"x":1}\n${text}\n{"y":2}\n`);
  return answers.read(block, 8, 8 + Buffer.byteLength(text));
}

export function chatBody(
  content: unknown,
  more: Readonly<Record<string, unknown>> = {},
  choice: Readonly<Record<string, unknown>> = {},
) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_711_652_795,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
        ...choice,
      },
    ],
    usage: {
      prompt_tokens: 22,
      completion_tokens: 2,
      total_tokens: 24,
      prompt_tokens_details: { cached_tokens: 5 },
    },
    ...more,
  };
}

export function resultLine(body: unknown, status = 200, customId = 'r-1') {
  return {
    id: 'batch_req_1',
    custom_id: customId,
    response: { status_code: status, request_id: 'req_1', body },
    error: null,
  };
}
