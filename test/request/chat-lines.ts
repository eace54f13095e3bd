import type { Endpoint } from '../../src/core/dialect.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { RequestLines } from '../../src/request/request-lines.ts';

/** The stored request lines of a pipeline that asks OpenAI for this. */
export function requestLinesFor(endpoint: Endpoint): RequestLines {
  return new RequestLines(openAiDialect, requestBlock.parse({ endpoint, model: 'm' }));
}

export const chatLines = requestLinesFor('chat');
