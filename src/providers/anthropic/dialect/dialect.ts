import type { Dialect } from '../../../core/dialect.ts';
import { planBody } from './body.ts';
import { requestFaults } from './faults.ts';
import { knownParameters } from './parameters.ts';
import { messageParams } from './params.ts';
import { promptTexts } from './prompt-texts.ts';
import { asked, reask } from './reask.ts';
import { readReply } from './reply.ts';
import { directResultLine, idIn, splitResultLine } from './result-line.ts';
import { answerBody, shown } from './shown.ts';

const messagesPath = '/v1/messages';

/** How Anthropic's Messages API and its batches write requests and results. */
export const anthropicDialect: Dialect = {
  paths: { chat: messagesPath },
  faults: requestFaults,
  path: () => messagesPath,
  body: planBody,
  frame: () => ({ open: '{"custom_id":"', middle: '","params":', close: '}' }),
  promptTexts,
  reask,
  asked,
  resultLine: directResultLine,
  split: splitResultLine,
  idIn,
  reply: readReply,
  shown,
  answerBody,
  // Its tokenizer is not public.
  facts: () => ({ dimensions: null, encoding: 'o200k_base', longestInput: null }),
  parameters: knownParameters,
  outputCeiling: (request) => {
    const { maxTokens } = messageParams(request);
    return typeof maxTokens === 'number' ? maxTokens : null;
  },
};
