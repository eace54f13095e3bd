import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSourceFiles } from './support/source-files.ts';

/** Words of OpenAI's API, each with the files, beside its own folders, that may hold them in another meaning. */
const words: Readonly<Record<string, readonly string[]>> = {
  '/v1/': [],
  response_format: [],
  // The command line's parser calls the values of an option so.
  choices: ['cli/command-line.ts'],
  completion_tokens: [],
  prompt_tokens: [],
  input_file_id: [],
  output_file_id: [],
  error_file_id: [],
  status_code: [],
};

const ownFolders = ['providers/openai/', 'emulator/'];
const src = join(import.meta.dirname, '../src');

const texts = readSourceFiles()
  .map(({ path }) => path)
  .filter((path) => !ownFolders.some((folder) => path.startsWith(folder)))
  .map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));

describe("OpenAI's words", () => {
  test.each(Object.entries(words))('%s stands in its own folders only', (word, elsewhere) => {
    const holding = texts.filter(({ text }) => text.includes(word)).map(({ path }) => path);
    expect(holding).toEqual(elsewhere);
  });
});
