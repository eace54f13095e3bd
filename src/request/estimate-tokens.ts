// Punctuation, role and the separators around a message.
const tokensPerMessage = 8;

/** Prompt tokens of a request, by a rule of thumb. @param bytes of its texts, as UTF-8 */
export function estimateTokens(bytes: number, messages: number): number {
  return Math.ceil(bytes / 4) + tokensPerMessage * messages;
}
