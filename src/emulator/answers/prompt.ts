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

/** Where the hash of every prompt begins. No model is in it: whoever is asked the same, answers the same. */
const hashStart = 0x56704c04;

/**
 * Boils down messages, at least one. What one API calls a developer another calls the system, and where one has two
 * messages of a role in a row another has one of two parts: the prompt is the same.
 */
export function readPrompt(given: readonly PromptMessage[]): Prompt {
  const messages = joined(given);
  let hash = hashStart;
  let bytes = 0;
  let subject: string | undefined;
  for (const { text } of given) bytes += Buffer.byteLength(text);
  for (const message of messages) {
    hash = hashText(message.text, hash ^ message.role.length);
    if (message.role === 'user' || message.role === 'tool') subject = message.text;
  }
  subject ??= messages.at(-1)?.text ?? '';
  const tokens = tokensOfBytes(bytes) + tokensPerMessage * given.length;
  return { words: contentWords(subject), subject, hash, tokens };
}

/** Texts that one API has as parts of a message, another as messages, and a third as one text. */
export function joinTexts(texts: readonly string[]): string {
  return texts.join('\n\n');
}

function joined(messages: readonly PromptMessage[]): readonly PromptMessage[] {
  const merged: PromptMessage[] = [];
  for (const { role: given, text } of messages) {
    const role = given === 'developer' ? 'system' : given;
    const last = merged.at(-1);
    if (last?.role === role) merged[merged.length - 1] = { role, text: joinTexts([last.text, text]) };
    else merged.push({ role, text });
  }
  return merged;
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
