import type { ClassifiedResult } from '../core/batch-result.ts';
import type { Dialect, Endpoint } from '../core/dialect.ts';
import type { AnswerNeed } from '../core/result-variables.ts';
import { AnswerJudge } from './answer-judge.ts';
import type { AnswerRepair } from './answer-repair.ts';
import type { OutputValidator } from './output-validator.ts';
import { ParsingReader } from './parsing-reader.ts';
import { ShapeReader } from './shape-reader.ts';

export interface AnswerReaderOptions {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  /** What the columns need; `json`, `request_id` and `body` stay empty where they do not. */
  readonly needs: ReadonlySet<AnswerNeed>;
  /** Where a schema is asked for: the check of it. */
  readonly validate?: OutputValidator | undefined;
  /** Where answers that are no JSON may be repaired. */
  readonly repair?: AnswerRepair | undefined;
}

export interface AnswerReader {
  /**
   * Understands one line. Failures of stage `answer` have the codes `refusal`, `content_filter`, `length`,
   * `empty_answer`, `invalid_json`, `schema_mismatch`, `invalid_embedding` and `nested_too_deep`; they are never `retryable` by
   * themselves, since that is for `on_invalid` to say.
   */
  read(block: Buffer, start: number, end: number): ClassifiedResult;
  /**
   * Says of a line that is too large to be held whose it is: it is paid for, and fails by `answer_too_large`.
   *
   * @param ends its beginning and its end
   */
  readCut(ends: Buffer, bytes: number): ClassifiedResult;
  /** What the model said in a line, whatever may be wrong with it; null where it said nothing. */
  textOf(line: Buffer): string | null;
}

/** Reads result lines; most of them without parsing them, where the dialect knows what their leaves mean. */
export function createAnswerReader(options: AnswerReaderOptions): AnswerReader {
  const { dialect, endpoint, needs, validate, repair } = options;
  const judge = new AnswerJudge(needs, validate, repair);
  const parser = new ParsingReader({ dialect, endpoint, needs, judge });
  const meanings = needs.has('body') ? null : (dialect.leaves?.(endpoint) ?? null);
  return meanings === null
    ? parser
    : new ShapeReader({ parser, meanings, judge, wantsRequestId: needs.has('request_id') });
}
