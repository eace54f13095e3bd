import { promptTokens } from '../faults/prompt-tokens.ts';
import { formOf } from '../batch-forms.ts';
import type { BatchError, BatchEndpoint } from '../state/batch-record.ts';
import type { BatchForm } from './batch-form.ts';
import { isLineFault, type LineFault, type RequestLine } from './check-line.ts';
import type { Lines } from '../../files/line-reader.ts';

const mostEmbeddingInputs = 50_000;
/** A file of nothing but faults would otherwise make a batch object of many megabytes. */
const mostFaults = 1000;

/** The verdict on a whole input file, reached by showing it the file's lines in order. */
export class FileCheck {
  readonly #form: BatchForm;
  readonly #endpoint: BatchEndpoint;
  readonly #most: number;
  readonly #customIds = new Set<string>();
  readonly #faults: BatchError[] = [];
  #requests = 0;
  #embeddingInputs = 0;
  #model: string | null = null;
  #tokens: number | null;
  /** Blank lines so far that no other line has followed: allowed at the end of the file only. */
  #blankLines: number[] = [];

  constructor(endpoint: BatchEndpoint, countsTokens: boolean, most?: number) {
    this.#form = formOf(endpoint);
    this.#most = most ?? this.#form.mostRequests;
    this.#endpoint = endpoint;
    this.#tokens = countsTokens ? 0 : null;
  }

  get requests(): number {
    return this.#requests;
  }

  /** The model that the lines name. */
  get model(): string | null {
    return this.#model;
  }

  /** Estimated prompt tokens of all requests; null where they are not counted. */
  get tokens(): number | null {
    return this.#tokens;
  }

  add({ lines, first }: Lines): void {
    for (const [index, bytes] of lines.entries()) this.#addLine(bytes, first + index + 1);
  }

  /** What is wrong with the file; empty where nothing is. */
  faults(): readonly BatchError[] {
    if (this.#requests === 0) return [emptyFile];
    if (this.#requests > this.#most) return [tooMany('requests', this.#requests, this.#most)];
    if (this.#embeddingInputs > mostEmbeddingInputs) {
      return [tooMany('embedding inputs', this.#embeddingInputs, mostEmbeddingInputs)];
    }
    return this.#faults;
  }

  #addLine(bytes: Buffer, number: number): void {
    if (isBlank(bytes)) {
      if (this.#blankLines.length < mostFaults) this.#blankLines.push(number);
      return;
    }
    for (const blank of this.#blankLines) this.#report(blankLine, blank);
    this.#blankLines = [];
    this.#requests += 1;
    if (this.#requests > this.#most) return;
    const line = this.#form.readLine(bytes, this.#endpoint);
    const fault = isLineFault(line) ? line : this.#checkAgainstOthers(line);
    if (fault !== null) this.#report(fault, number);
  }

  #checkAgainstOthers(line: RequestLine): LineFault | null {
    if (this.#form.isStrict) {
      if (this.#customIds.has(line.customId)) return duplicate;
      this.#customIds.add(line.customId);
    }
    if (this.#endpoint === '/v1/embeddings') this.#embeddingInputs += countInputs(line.body['input']);
    if (this.#tokens !== null) this.#tokens += promptTokens(this.#endpoint, line.body);
    const model = line.body['model'];
    if (!this.#form.isStrict || typeof model !== 'string') return null;
    this.#model ??= model;
    return model === this.#model ? null : mismatched(model, this.#model);
  }

  #report(fault: LineFault, line: number): void {
    if (this.#faults.length >= mostFaults) return;
    this.#faults.push({ code: fault.code, line, message: fault.message, param: fault.param });
  }
}

/** A list of texts or of token lists counts each; a text, or one list of tokens, is one input. */
function countInputs(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
}

export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

const emptyFile: BatchError = {
  code: 'empty_file',
  line: null,
  message: 'The input file is empty. Please ensure that the batch contains at least one request.',
  param: null,
};

const blankLine: LineFault = {
  code: 'invalid_json_line',
  message: 'This line is not parseable as valid JSON.',
  param: null,
};

const duplicate: LineFault = {
  code: 'duplicate_custom_id',
  message:
    'The custom_id for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.',
  param: 'custom_id',
};

function mismatched(model: string, first: string): LineFault {
  const message = `The model of this request does not match the rest of the batch. Each batch must use one model: '${first}', not '${model}'.`;
  return { code: 'mismatched_model', message, param: 'body.model' };
}

function tooMany(what: string, count: number, most: number): BatchError {
  const message = `The batch holds too many ${what}: ${count}. The most that one batch may hold is ${most}.`;
  const code = what === 'requests' ? 'too_many_requests' : 'too_many_embedding_inputs';
  return { code, line: null, message, param: null };
}
