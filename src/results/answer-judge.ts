import { type ClassifiedResult, noUsage, usualBilling } from '../core/batch-result.ts';
import type { Reply } from '../core/dialect.ts';
import { parseExactJson } from '../core/exact-json.ts';
import { errorMessage } from '../core/errors.ts';
import { isTooDeep, mostLevels } from '../core/nesting.ts';
import type { AnswerNeed } from '../core/result-variables.ts';
import type { Value } from '../core/value.ts';
import type { AnswerRepair } from './answer-repair.ts';
import type { OutputValidator } from './output-validator.ts';
import { readVector } from './vector.ts';

/** A successful response, before anybody has looked at what the model said. */
export interface Response {
  readonly customId: string;
  readonly requestId: string | null;
  readonly reply: Reply;
  /** Null where no column needs it. */
  readonly body: Value;
}

interface Parsed {
  readonly value: Value;
  readonly isRepaired: boolean;
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

const truncated: Fault = {
  code: 'length',
  message: 'The answer was cut off at the token limit; raise request.params.max_tokens.',
};
const filtered: Fault = {
  code: 'content_filter',
  message: "The provider's content filter withheld the answer.",
};
const empty: Fault = { code: 'empty_answer', message: 'The response holds no answer.' };
const brokenOff: Fault = { code: 'broken_off', message: 'The provider broke off while it answered.' };
const noVector: Fault = { code: 'invalid_embedding', message: 'The embedding is no list of floats.' };

const nested: Fault = {
  code: 'nested_too_deep',
  message: `The answer is JSON that is nested more than ${mostLevels} levels deep.`,
};

const longNumber = /\d{16}/;

/** Decides whether a response is the answer that was asked for. */
export class AnswerJudge {
  readonly #wantsJson: boolean;
  readonly #wantsBody: boolean;
  readonly #validate: OutputValidator | undefined;
  readonly #repair: AnswerRepair | undefined;

  /**
   * @param validate the check of the schema, where one is asked for
   * @param repair what is tried on answers that are no JSON, where they may be repaired
   */
  constructor(
    needs: ReadonlySet<AnswerNeed>,
    validate: OutputValidator | undefined,
    repair: AnswerRepair | undefined,
  ) {
    this.#wantsJson = needs.has('json') || validate !== undefined;
    this.#wantsBody = needs.has('body');
    this.#validate = validate;
    this.#repair = repair;
  }

  judge(response: Response): ClassifiedResult {
    const { reply } = response;
    // What the provider has not brought to its end is its failure, whatever stands there.
    if (reply.finishReason === 'error') return failedRequest(response);
    const fault = this.#faultOf(reply);
    if (fault !== undefined) return failure(response, fault);
    const embedding = reply.vector === null ? null : readVector(reply.vector);
    if (reply.vector !== null && embedding === null) return failure(response, noVector);
    const json = this.#wantsJson ? this.#parse(reply) : undefined;
    if (json !== undefined && 'code' in json) return failure(response, json);
    const { customId, requestId, body } = response;
    const { text, finishReason, model, usage, billing = usualBilling } = reply;
    const isRepaired = json?.isRepaired ?? false;
    const answer = {
      text,
      json: json?.value,
      isRepaired,
      embedding,
      model,
      finishReason,
      requestId,
      usage,
      billing,
      body,
    };
    return { kind: 'ok', customId, answer };
  }

  #faultOf(reply: Reply): Fault | undefined {
    if (reply.refusal !== null) return { code: 'refusal', message: reply.refusal };
    if (reply.finishReason === 'content_filter') return filtered;
    if (reply.isEmpty || this.#saysNothing(reply)) return reply.finishReason === 'length' ? truncated : empty;
    return reply.finishReason === 'length' && this.#validate !== undefined ? truncated : undefined;
  }

  /** Where the body is a column, what it holds is for its reader to say. */
  #saysNothing({ text, vector, hasCalls }: Reply): boolean {
    if (vector !== null || hasCalls || this.#wantsBody) return false;
    return text === null || text.trim() === '';
  }

  #parse(reply: Reply): Parsed | Fault {
    const text = reply.text ?? '';
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return this.#parseRepaired(reply, text, errorMessage(error));
    }
    return this.#check(text, value, false);
  }

  #parseRepaired({ finishReason }: Reply, text: string, problem: string): Parsed | Fault {
    if (finishReason === 'length') return truncated;
    // An answer of which nobody says that it is whole may be cut, and repair would close what was cut.
    const repaired = finishReason === 'stop' ? this.#repair?.(text) : undefined;
    if (repaired !== undefined) return this.#check(repaired.text, repaired.value, true);
    return { code: 'invalid_json', message: `The answer is not JSON: ${problem}` };
  }

  #check(text: string, value: unknown, isRepaired: boolean): Parsed | Fault {
    if (isTooDeep(text)) return nested;
    // The validator knows numbers only; the digits that those cannot hold are kept for the column.
    const message = this.#validate?.(value);
    if (message !== undefined) return { code: 'schema_mismatch', message };
    return { value: longNumber.test(text) ? parseExactJson(text) : (value as Value), isRepaired };
  }
}

type Failed = Extract<ClassifiedResult, { readonly kind: 'failed' }>;

function failure({ customId, reply: { usage, billing } }: Response, { code, message }: Fault): Failed {
  return {
    kind: 'failed',
    customId,
    stage: 'answer',
    code,
    message,
    retryable: false,
    ran: true,
    blame: 'row',
    usage: usage === noUsage ? null : usage,
    ...(billing === undefined ? {} : { billing }),
  };
}

function failedRequest(response: Response): Failed {
  return { ...failure(response, brokenOff), stage: 'request', retryable: true, blame: 'provider' };
}
