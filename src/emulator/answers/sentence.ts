import type { Prompt } from './prompt.ts';
import { enumerateWords } from './words.ts';

/** One sentence about a prompt. The number is the prompt's own, so that no two rows' answers can be mixed up unseen. */
export function sentence(prompt: Prompt): string {
  const words = prompt.words.slice(0, 3);
  const about = words.length === 0 ? 'nothing in particular' : enumerateWords(words);
  return `Synthetic answer ${prompt.hash.toString(16).padStart(8, '0')} about ${about}.`;
}
