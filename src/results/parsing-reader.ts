import type { ClassifiedResult } from '../core/batch-result.ts';
import type { Dialect, Endpoint, ResultParts } from '../core/dialect.ts';
import { errorMessage } from '../core/errors.ts';
import { parseExactJson } from '../core/exact-json.ts';
import { givenUp } from '../core/given-up.ts';
import { asMap } from '../core/json.ts';
import { longestRow } from '../core/longest-row.ts';
import { isTooDeep, mostLevels } from '../core/nesting.ts';
import type { AnswerNeed } from '../core/result-variables.ts';
import type { Value } from '../core/value.ts';
import type { AnswerJudge } from './answer-judge.ts';

export interface ParsingReaderOptions {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly needs: ReadonlySet<AnswerNeed>;
  readonly judge: AnswerJudge;
}

/** Understands result lines by parsing each. */
export class ParsingReader {
  readonly #dialect: Dialect;
  readonly #endpoint: Endpoint;
  readonly #judge: AnswerJudge;
  readonly #wantsBody: boolean;
  readonly #wantsRequestId: boolean;

  constructor({ dialect, endpoint, needs, judge }: ParsingReaderOptions) {
    this.#dialect = dialect;
    this.#endpoint = endpoint;
    this.#judge = judge;
    this.#wantsBody = needs.has('body');
    this.#wantsRequestId = needs.has('request_id');
  }

  read(block: Buffer, start: number, end: number): ClassifiedResult {
    const text = block.toString('utf8', start, end);
    if (isTooDeep(text)) return this.#unread(text, 'nested_too_deep', deepMessage);
    const parts = this.#partsOf(text);
    if (parts.kind === 'unparsable') return parts;
    const { customId } = parts;
    if (parts.kind === 'failed') return { kind: 'failed', customId, stage: 'request', ...parts.failure };
    return this.#judge.judge({
      customId,
      requestId: this.#wantsRequestId ? parts.requestId : null,
      reply: this.#dialect.reply(this.#endpoint, parts.body),
      body: this.#wantsBody ? (parts.body as Value) : null,
    });
  }

  readCut(ends: Buffer, bytes: number): ClassifiedResult {
    const size = `${(bytes / 1e6).toFixed(1)} MB, and at most ${longestRow / 1e6} MB are read of one`;
    const message = `The line that holds the answer has ${size}; ask for less.`;
    return this.#unread(ends.toString('utf8'), 'answer_too_large', message);
  }

  textOf(line: Buffer): string | null {
    const parts = this.#partsOf(line.toString('utf8'));
    return parts.kind === 'answered' ? this.#dialect.reply(this.#endpoint, parts.body).text : null;
  }

  /** A line that is not looked into fails for the row that it names. */
  #unread(text: string, code: string, message: string): ClassifiedResult {
    const customId = this.#dialect.idIn(text);
    if (customId === null) return { kind: 'unparsable', message };
    return {
      kind: 'failed',
      customId,
      stage: 'answer',
      code,
      message,
      retryable: false,
      ran: true,
      blame: 'row',
      usage: null,
    };
  }

  #partsOf(text: string): ResultParts | Unparsable {
    let parsed: unknown;
    try {
      parsed = this.#wantsBody ? parseExactJson(text) : JSON.parse(text);
    } catch (error) {
      return { kind: 'unparsable', message: errorMessage(error) };
    }
    const line = asMap(parsed);
    const parts = line === undefined ? null : (givenUp(line) ?? this.#dialect.split(line));
    return parts ?? { kind: 'unparsable', message: 'The line is no result: it has no custom_id.' };
  }
}

const deepMessage = `The result is JSON that is nested more than ${mostLevels} levels deep.`;

type Unparsable = Extract<ClassifiedResult, { readonly kind: 'unparsable' }>;
