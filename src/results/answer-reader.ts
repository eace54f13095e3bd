import type { Answer, ClassifiedResult, Usage } from '../core/batch-result.ts';
import { parseExactJson } from '../core/exact-json.ts';
import { errorMessage } from '../core/errors.ts';
import type { Endpoint } from '../core/provider.ts';
import type { Value } from '../core/value.ts';
import type { AnswerNeed } from './answer-need.ts';
import { failedLine, isSuccess, type ResultLine } from './failed-line.ts';
import { asMap, asText } from './json-access.ts';
import type { OutputValidator } from './output-validator.ts';
import { type Reply, replyReaders } from './reply.ts';
import { noUsage, readUsage } from './usage.ts';
import { readVector } from './vector.ts';

export interface AnswerReaderOptions {
  readonly endpoint: Endpoint;
  /** What the columns need; the rest of each answer stays null. */
  readonly needs: ReadonlySet<AnswerNeed>;
  /** Where a schema is asked for: the check of it. */
  readonly validate?: OutputValidator | undefined;
}

export interface AnswerReader {
  /**
   * Understands one line. Failures of stage `answer` have the codes `refusal`, `content_filter`, `length`,
   * `empty_answer`, `invalid_json`, `schema_mismatch` and `invalid_embedding`; they are never `retryable` by
   * themselves, since that is for `on_invalid` to say.
   */
  read(block: Buffer, start: number, end: number): ClassifiedResult;
}

export function createAnswerReader(options: AnswerReaderOptions): AnswerReader {
  return new ParsingReader(options);
}

class ParsingReader implements AnswerReader {
  readonly #needs: ReadonlySet<AnswerNeed>;
  readonly #validate: OutputValidator | undefined;
  readonly #wantsJson: boolean;
  readonly #readReply: (body: Readonly<Record<string, unknown>>) => Reply;

  constructor({ endpoint, needs, validate }: AnswerReaderOptions) {
    this.#needs = needs;
    this.#validate = validate;
    this.#wantsJson = validate !== undefined || needs.has('json');
    this.#readReply = replyReaders[endpoint];
  }

  read(block: Buffer, start: number, end: number): ClassifiedResult {
    const text = block.toString('utf8', start, end);
    const line = parseLine(text, this.#needs.has('body'));
    if ('kind' in line) return line;
    if (!isSuccess(line) || line.body === undefined) return failedLine(line);
    return this.#readBody(line, line.body);
  }

  #readBody(line: ResultLine, body: Readonly<Record<string, unknown>>): ClassifiedResult {
    const reply = this.#readReply(body);
    const usage = readUsage(body['usage']);
    const fault = this.#faultOf(reply);
    if (fault !== undefined) return answerFailure(line.customId, fault, usage);
    const vector = reply.vector === null ? null : readVector(reply.vector);
    if (reply.vector !== null && vector === null)
      return answerFailure(
        line.customId,
        { code: 'invalid_embedding', message: 'It is no list of floats.' },
        usage,
      );
    const json = this.#wantsJson ? this.#parse(reply) : undefined;
    if (json !== undefined && 'code' in json) return answerFailure(line.customId, json, usage);
    const needs = this.#needs;
    const answer: Answer = {
      text: reply.text,
      json: json?.value,
      embedding: vector,
      model: asText(body['model']),
      finishReason: reply.finishReason,
      requestId: line.requestId,
      usage,
      body: needs.has('body') ? (body as Value) : null,
    };
    return { kind: 'ok', customId: line.customId, answer };
  }

  #faultOf(reply: Reply): Fault | undefined {
    if (reply.refusal !== null) return { code: 'refusal', message: reply.refusal };
    if (reply.finishReason === 'content_filter')
      return { code: 'content_filter', message: "The provider's content filter withheld the answer." };
    if (reply.isEmpty) return { code: 'empty_answer', message: 'The response holds no answer.' };
    if (reply.finishReason === 'length' && this.#validate !== undefined) return truncated;
    return undefined;
  }

  #parse(reply: Reply): { readonly value: Value } | Fault {
    const text = reply.text ?? '';
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (reply.finishReason === 'length') return truncated;
      return { code: 'invalid_json', message: `The answer is not JSON: ${errorMessage(error)}` };
    }
    const mismatch = this.#validate?.(value);
    if (mismatch !== undefined) return { code: 'schema_mismatch', message: mismatch };
    return { value: parseExactJson(text) };
  }
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

const truncated: Fault = {
  code: 'length',
  message: 'The answer was cut off at the token limit; raise request.params.max_tokens.',
};

function answerFailure(customId: string, fault: Fault, usage: Usage): ClassifiedResult {
  return {
    kind: 'failed',
    customId,
    stage: 'answer',
    code: fault.code,
    message: fault.message,
    retryable: false,
    ran: true,
    usage: usage === noUsage ? null : usage,
  };
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
