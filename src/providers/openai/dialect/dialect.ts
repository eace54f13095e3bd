import type { Dialect, DialectFault, Endpoint, RequestDraft } from '../../../core/dialect.ts';
import { planBody, type VectorFormat } from './body.ts';
import { chatLeaves } from './leaf-meanings.ts';
import { modelFacts } from './model-facts.ts';
import { outputCeiling } from './output-ceiling.ts';
import { knownParameters, parameterFaults } from './parameters.ts';
import { promptTexts } from './prompt-texts.ts';
import { asked, reask } from './reask.ts';
import { tiers } from './tiers.ts';
import { readReply } from './reply.ts';
import { directResultLine, idIn, splitResultLine } from './result-line.ts';
import { answerBody, shown } from './shown.ts';
import { strictOutputFaults } from './strict-output.ts';

/** Where requests of each kind go. */
export const apiPaths = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  embeddings: '/v1/embeddings',
} as const satisfies Readonly<Record<Endpoint, string>>;

/** How OpenAI's Batch API, and every server and gateway that speaks it, writes requests and results. */
export const openAiDialect: Dialect = {
  paths: apiPaths,
  faults: (request) => faultsOf(request, 'base64'),
  path: ({ endpoint }) => apiPaths[endpoint],
  body: (request) => planBody(request, 'base64'),
  frame: ({ endpoint }) => ({
    open: '{"custom_id":"',
    middle: `","method":"POST","url":"${apiPaths[endpoint]}","body":`,
    close: '}',
  }),
  promptTexts,
  reask,
  asked,
  resultLine: directResultLine,
  split: splitResultLine,
  idIn,
  reply: readReply,
  shown,
  answerBody,
  leaves: (endpoint) => (endpoint === 'chat' ? chatLeaves : null),
  facts: modelFacts,
  outputCeiling,
  tiers,
  parameters: knownParameters,
};

/** The same for servers that know embeddings as lists of numbers alone. */
export const floatDialect: Dialect = {
  ...openAiDialect,
  faults: (request) => faultsOf(request, 'float'),
  body: (request) => planBody(request, 'float'),
};

function faultsOf(request: RequestDraft, vectors: VectorFormat): readonly DialectFault[] {
  return [...strictOutputFaults(request), ...parameterFaults(request, vectors)];
}
