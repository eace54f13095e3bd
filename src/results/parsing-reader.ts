import type { ClassifiedResult } from '../core/batch-result.ts';
import { parseExactJson } from '../core/exact-json.ts';
import { errorMessage } from '../core/errors.ts';
import type { Endpoint } from '../core/provider.ts';
import type { Value } from '../core/value.ts';
import type { AnswerJudge } from './answer-judge.ts';
import type { AnswerNeed } from './answer-need.ts';
import { failedLine, isSuccess, type ResultLine } from '../providers/openai/dialect/failed-line.ts';
import { asMap, asText, type JsonMap } from '../core/json.ts';
import { type Reply, replyReaders } from '../providers/openai/dialect/reply.ts';
import { readUsage } from '../providers/openai/dialect/usage.ts';

/** Understands result lines by parsing each. */
export class ParsingReader {
  readonly #judge: AnswerJudge;
  readonly #wantsBody: boolean;
  readonly #wantsRequestId: boolean;
  readonly #readReply: (body: JsonMap) => Reply;

  constructor(endpoint: Endpoint, needs: ReadonlySet<AnswerNeed>, judge: AnswerJudge) {
    this.#judge = judge;
    this.#wantsBody = needs.has('body');
    this.#wantsRequestId = needs.has('request_id');
    this.#readReply = replyReaders[endpoint];
  }

  read(block: Buffer, start: number, end: number): ClassifiedResult {
    const line = parseLine(block.toString('utf8', start, end), this.#wantsBody);
    if ('kind' in line) return line;
    const { customId, requestId, body } = line;
    if (!isSuccess(line) || body === undefined) return failedLine(line);
    return this.#judge.judge({
      customId,
      requestId: this.#wantsRequestId ? requestId : null,
      model: asText(body['model']),
      usage: readUsage(body['usage']),
      reply: this.#readReply(body),
      body: this.#wantsBody ? (body as Value) : null,
    });
  }
}

function parseLine(text: string, exactly: boolean): ResultLine | ClassifiedResult {
  let parsed: unknown;
  try {
    parsed = exactly ? parseExactJson(text) : JSON.parse(text);
  } catch (error) {
    return { kind: 'unparsable', message: errorMessage(error) };
  }
  const line = asMap(parsed);
  const customId = asText(line?.['custom_id']);
  if (line === undefined || customId === null)
    return { kind: 'unparsable', message: 'The line is no result: it has no custom_id.' };
  const response = asMap(line['response']);
  const status = response?.['status_code'];
  return {
    customId,
    status: typeof status === 'number' ? status : null,
    requestId: asText(response?.['request_id']),
    body: asMap(response?.['body']),
    error: line['error'] ?? null,
    hasResponse: response !== undefined,
  };
}
