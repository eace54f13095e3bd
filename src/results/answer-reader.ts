import type { ClassifiedResult } from '../core/batch-result.ts';
import type { Endpoint } from '../core/provider.ts';
import { AnswerJudge } from './answer-judge.ts';
import type { AnswerNeed } from './answer-need.ts';
import type { AnswerRepair } from './answer-repair.ts';
import type { OutputValidator } from './output-validator.ts';
import { ParsingReader } from './parsing-reader.ts';
import { ShapeReader } from './shape-reader.ts';

export interface AnswerReaderOptions {
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
   * `empty_answer`, `invalid_json`, `schema_mismatch` and `invalid_embedding`; they are never `retryable` by
   * themselves, since that is for `on_invalid` to say.
   */
  read(block: Buffer, start: number, end: number): ClassifiedResult;
}

/** Reads result lines; most of those of chat completions without parsing them. */
export function createAnswerReader({ endpoint, needs, validate, repair }: AnswerReaderOptions): AnswerReader {
  const judge = new AnswerJudge(needs.has('json'), validate, repair);
  const parser = new ParsingReader(endpoint, needs, judge);
  const isPlainChat = endpoint === '/v1/chat/completions' && !needs.has('body');
  return isPlainChat ? new ShapeReader(parser, judge, needs.has('request_id')) : parser;
}
