import { hashText, Random } from '../random.ts';
import { contentWords, enumerateWords } from './words.ts';

/** What an answer is made from: a request's texts, boiled down. */
export interface Prompt {
  /** What the answer should be about, most frequent first. */
  readonly words: readonly string[];
  /** The text of the last message that is not an instruction. */
  readonly subject: string;
  /** Names the whole prompt: equal prompts have equal hashes. */
  readonly hash: number;
  /** Estimated tokens. */
  readonly tokens: number;
}

export interface PromptMessage {
  readonly role: string;
  readonly text: string;
}

export const tokensPerMessage = 8;

/** Boils down messages, at least one. @param salt what else distinguishes the request: model and format */
export function readPrompt(messages: readonly PromptMessage[], salt: string): Prompt {
  let hash = hashText(salt);
  let bytes = 0;
  let subject: string | undefined;
  for (const message of messages) {
    hash = hashText(message.text, hash ^ message.role.length);
    bytes += Buffer.byteLength(message.text);
    if (message.role === 'user' || message.role === 'tool') subject = message.text;
  }
  subject ??= messages.at(-1)?.text ?? '';
  const tokens = tokensOfBytes(bytes) + tokensPerMessage * messages.length;
  return { words: contentWords(subject), subject, hash, tokens };
}

/** The estimate that stands in for a tokenizer: four bytes a token. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / 4);
}

export function promptRandom(prompt: Prompt): Random {
  return new Random(prompt.hash);
}

/** One sentence about a prompt. The number is the prompt's own, so that no two rows' answers can be mixed up unseen. */
export function sentence(prompt: Prompt): string {
  const words = prompt.words.slice(0, 3);
  const about = words.length === 0 ? 'nothing in particular' : enumerateWords(words);
  return `Synthetic answer ${prompt.hash.toString(16).padStart(8, '0')} about ${about}.`;
}
