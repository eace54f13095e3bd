import type { Endpoint, PromptTexts } from '../../../core/dialect.ts';
import { asList, asMap, type JsonMap } from '../../../core/json.ts';

/** The texts in a request's body, and how many messages they are. */
export function promptTexts(_endpoint: Endpoint, { system, messages }: JsonMap): PromptTexts {
  const contents = [
    ...(system === undefined ? [] : [system]),
    ...asList(messages).map((message) => asMap(message)?.['content']),
  ];
  return { texts: contents.flatMap(textsIn), messages: contents.length };
}

/** A text, or the text blocks of a content. */
function textsIn(content: unknown): readonly string[] {
  if (typeof content === 'string') return [content];
  return asList(content).flatMap((block) => {
    const text = asMap(block)?.['text'];
    return typeof text === 'string' ? [text] : [];
  });
}
