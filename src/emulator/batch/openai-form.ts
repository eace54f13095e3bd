import { answer } from '../answers/answer.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import { changeAnswer } from '../faults/faulty-answer.ts';
import { isEndpoint, type TokenTotals } from '../state/batch-record.ts';
import type { BatchForm } from './batch-form.ts';
import { checkLine } from './check-line.ts';
import { answeredLine, unansweredLine } from './result-line.ts';

export const openAiForm: BatchForm = {
  mostRequests: 50_000,
  isStrict: true,
  hasErrorFile: true,
  keepsExpired: true,
  results: { prefix: 'file-', purpose: 'batch_output' },
  readLine: checkLine,
  answer: ({ endpoint, body }, models) => {
    if (!isEndpoint(endpoint)) throw new Error(`${endpoint} is none of OpenAI's endpoints`);
    models.require(body['model']);
    return answer(endpoint, body);
  },
  // A worker that died has nothing to say.
  errorBody: (error) => (error.status === 0 ? {} : { ...error.toBody() }),
  answeredLine,
  unansweredLine,
  changeAnswer,
  usageOf,
};

function usageOf({ usage }: JsonMap): TokenTotals {
  if (!isMap(usage)) return { input: 0, output: 0 };
  return {
    input: Number(usage['prompt_tokens'] ?? usage['input_tokens'] ?? 0),
    output: Number(usage['completion_tokens'] ?? usage['output_tokens'] ?? 0),
  };
}
