import type { Dialect } from '../../../core/dialect.ts';
import type { RequestBlock } from '../../../core/request-block.ts';
import { planBody } from './body.ts';
import { requestFaults } from './faults.ts';
import { modelFacts } from './model-facts.ts';
import { modelPath } from './model-path.ts';
import { outputCeiling } from './output-ceiling.ts';
import { knownParameters } from './parameters.ts';
import { promptTexts } from './prompt-texts.ts';
import { asked, reask } from './reask.ts';
import { readReply } from './reply.ts';
import { directResultLine, idIn, splitResultLine } from './result-line.ts';
import { answerBody, shown } from './shown.ts';
import { tiers } from './tiers.ts';

/** How the Gemini Developer API writes requests and results, alone and in batches. */
export const geminiDialect: Dialect = {
  // Each holds a model's name.
  paths: {},
  faults: requestFaults,
  path: requestPath,
  body: planBody,
  frame: () => ({ open: '{"key":"', middle: '","request":', close: '}' }),
  promptTexts,
  reask,
  asked,
  resultLine: directResultLine,
  split: splitResultLine,
  idIn,
  reply: readReply,
  shown,
  answerBody,
  facts: modelFacts,
  parameters: knownParameters,
  outputCeiling,
  tiers,
};

function requestPath({ endpoint, model }: RequestBlock): string {
  return `/v1beta/${modelPath(model)}:${endpoint === 'embeddings' ? 'embedContent' : 'generateContent'}`;
}
