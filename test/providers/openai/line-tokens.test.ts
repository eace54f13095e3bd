import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lineTokens, linesOver } from '../../../src/providers/openai/dialect/line-tokens.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';

function line(url: string, body: object): Buffer {
  return Buffer.from(JSON.stringify({ custom_id: 'a', method: 'POST', url, body }));
}

describe('the estimated tokens of a stored line', () => {
  it.each([
    [
      'chat',
      '/v1/chat/completions',
      {
        messages: [
          { role: 'system', content: 'abcd' },
          { role: 'user', content: 'ef\n"' },
        ],
      },
      2 + 16,
    ],
    [
      'text parts',
      '/v1/chat/completions',
      { messages: [{ content: [{ type: 'text', text: 'héllo' }] }] },
      2 + 8,
    ],
    ['responses', '/v1/responses', { instructions: 'abcd', input: 'abcde' }, 3 + 16],
    ['a list of messages', '/v1/responses', { input: [{ role: 'user', content: 'abcd' }] }, 1 + 8],
    ['embeddings', '/v1/embeddings', { input: 'abcde', model: 'a long name that is not counted' }, 2],
  ])('are those of the texts and messages of %s', (_name, url, body, tokens) => {
    expect(lineTokens(line(url, body))).toBe(tokens);
  });

  it('tell the lines that are over a limit', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'requests.jsonl');
    const lines = [4, 40, 8, 44].map((length) => line('/v1/embeddings', { input: 'x'.repeat(length) }));
    await writeFile(path, lines.map((each) => `${each.toString()}\n`).join(''));
    const over = await linesOver(path, 9, new AbortController().signal);
    expect([...over]).toEqual([
      [1, 10],
      [3, 11],
    ]);
  });
});
