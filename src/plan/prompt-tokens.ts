import type { PromptTexts, TokenEncoding } from '../core/dialect.ts';
import { countTokens } from '../expr/tokens.ts';

/** Tokens of a prompt beside its texts: what opens each message, and what opens the answer. */
export function frameTokens(messages: number): number {
  return messages === 0 ? 0 : 4 * messages + 3;
}

/** The exact number of a prompt's tokens; neither schemas nor images are counted. */
export function promptTokens({ texts, messages }: PromptTexts, encoding: TokenEncoding): number {
  return texts.reduce((sum, text) => sum + countTokens(text, encoding), frameTokens(messages));
}
