import { answer } from '../../src/emulator/answers/answer.ts';

interface ChatCompletion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

export interface ChatOptions {
  readonly model?: string;
  readonly system?: string;
}

/** The text that the emulator answers a chat request with whose user message is `prompt`. */
export function promptAnswer(prompt: string, { model = 'gpt-4o-mini', system }: ChatOptions = {}): string {
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt },
  ];
  const completion = answer('/v1/chat/completions', { model, messages }) as unknown as ChatCompletion;
  return completion.choices[0]?.message.content ?? '';
}
