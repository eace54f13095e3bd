import type { Endpoint, PromptTexts } from '../../../core/dialect.ts';
import { asList, asMap, asMaps, type JsonMap } from '../../../core/json.ts';

/** The texts in a request's body, and how many messages they are; an embedding's input is none. */
export function promptTexts(
  endpoint: Endpoint,
  { contents, systemInstruction, content }: JsonMap,
): PromptTexts {
  const turns = asMaps([systemInstruction, content, ...asList(contents)]);
  const texts = turns.flatMap(({ parts }) => asList(parts)).flatMap(textIn);
  return { texts, messages: endpoint === 'embeddings' ? 0 : turns.length };
}

function textIn(part: unknown): readonly string[] {
  const text = asMap(part)?.['text'];
  return typeof text === 'string' ? [text] : [];
}
