import { schemaValue } from './schema-value.ts';
import { promptRandom, sentence, tokensOfBytes, type Prompt } from './prompt.ts';
import type { JsonMap } from '../../core/json.ts';
import { enumerateWords } from './words.ts';

/** What form the answer is asked for in. */
export type AnswerFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly schema: JsonMap };

export interface AnswerText {
  readonly text: string;
  readonly tokens: number;
  /** Whether it was cut at the most tokens that were allowed. */
  readonly isCut: boolean;
}

/** A short answer that plainly is none, made of the prompt's own words. */
export function answerText(prompt: Prompt, format: AnswerFormat, mostTokens: number): AnswerText {
  const whole = composeAnswer(prompt, format);
  const bytes = Buffer.byteLength(whole);
  const tokens = tokensOfBytes(bytes);
  if (tokens <= mostTokens) return { text: whole, tokens, isCut: false };
  return { text: cutToBytes(whole, mostTokens * 4), tokens: mostTokens, isCut: true };
}

function composeAnswer(prompt: Prompt, format: AnswerFormat): string {
  if (format.type === 'text') return describe(prompt);
  if (format.type === 'json_schema') {
    return JSON.stringify(schemaValue(format.schema, prompt, promptRandom(prompt)));
  }
  return JSON.stringify({ summary: sentence(prompt), keywords: prompt.words.slice(0, 5) });
}

function describe(prompt: Prompt): string {
  const others = prompt.words.slice(3, 6);
  const more = others.length === 0 ? '' : ` It also mentions ${enumerateWords(others)}.`;
  return `${sentence(prompt)}${more}`;
}

/** The longest beginning of a text that fits, without cutting a character in two. */
function cutToBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  let end = most;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
