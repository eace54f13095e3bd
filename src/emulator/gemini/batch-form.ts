import { isMap, type JsonMap } from '../../core/json.ts';
import type { BatchForm } from '../batch/batch-form.ts';
import { parseLine, unparsable, type LineFault, type RequestLine } from '../batch/check-line.ts';
import { cancelledCode, expiredCode } from '../batch/result-line.ts';
import { changeText, type AnswerChange } from '../faults/answer-change.ts';
import { hashText } from '../random.ts';
import { answerEmbed } from './answer-embed.ts';
import { answerGenerate } from './answer-generate.ts';
import { lineError } from './errors.ts';
import { requireModel } from './models.ts';

/** How the ids of its batches begin, which are their names. */
export const batchIds = 'batches/';
/** How the ids of its result files begin; what follows is more than its own call for a file takes. */
export const resultIds = 'gresult-';

export const geminiForm: BatchForm = {
  mostRequests: 200_000,
  isStrict: false,
  hasErrorFile: false,
  keepsExpired: false,
  results: { prefix: `${resultIds}batch-out-`, purpose: 'batch_output' },
  readLine,
  answer: ({ endpoint, model, body }, models) => {
    const method = endpoint === 'embedContent' ? endpoint : 'generateContent';
    const name = model ?? '';
    requireModel(name, method, models);
    return method === 'embedContent' ? answerEmbed(body, name) : answerGenerate(body, name);
  },
  errorBody: lineError,
  answeredLine: (key, status, body) => resultLine(key, status === 200 ? { response: body } : { error: body }),
  unansweredLine: (key, code, message) => resultLine(key, { error: { code: rpcCode(code), message } }),
  changeAnswer,
  usageOf: ({ usageMetadata: usage, tokenCount }) => {
    if (!isMap(usage)) return { input: Number(tokenCount ?? 0), output: 0 };
    return { input: Number(usage['promptTokenCount']), output: Number(usage['candidatesTokenCount']) };
  },
};

function readLine(bytes: Buffer): RequestLine | LineFault {
  const line = parseLine(bytes);
  if (line === null) return unparsable;
  const { key, request } = line;
  if (typeof key !== 'string') return missing('key');
  if (!isMap(request)) return missing('request');
  return { customId: key, body: request };
}

function missing(param: string): LineFault {
  return { code: 'INVALID_ARGUMENT', message: `The line has no '${param}'.`, param };
}

/** The key comes last in some lines, as it may. */
function resultLine(key: string, result: JsonMap): string {
  const line = hashText(key) % 3 === 0 ? { ...result, key } : { key, ...result };
  return `${JSON.stringify(line)}\n`;
}

/** Google's numbers for what a fault names by a word, or by the number itself. */
function rpcCode(code: string): number {
  if (code === cancelledCode) return 1;
  if (code === expiredCode) return 4;
  return /^\d+$/.test(code) ? Number(code) : 13;
}

/** An answer as a fault leaves it. */
function changeAnswer(body: JsonMap, change: AnswerChange): JsonMap {
  const { embedding, candidates, ...rest } = body;
  if (isMap(embedding)) {
    const values = Array.isArray(embedding['values']) ? (embedding['values'] as number[]) : [];
    return change.shortens === true ? { ...body, embedding: { values: values.slice(1) } } : body;
  }
  if (!Array.isArray(candidates)) return body;
  if (change.cut === 'content_filter')
    return { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...rest };
  return { candidates: (candidates as JsonMap[]).map(changeCandidate(change)), ...rest };
}

function changeCandidate(change: AnswerChange) {
  return (candidate: JsonMap): JsonMap => {
    const { content, ...rest } = candidate;
    if (change.refusal !== undefined)
      return { ...rest, finishReason: 'SAFETY', finishMessage: change.refusal };
    const parts = isMap(content) && Array.isArray(content['parts']) ? (content['parts'] as JsonMap[]) : [];
    return {
      content: { parts: parts.map((part) => ({ text: changeText(part['text'], change) })), role: 'model' },
      ...rest,
      finishReason: change.cut === 'length' ? 'MAX_TOKENS' : candidate['finishReason'],
    };
  };
}
