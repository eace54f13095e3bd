import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSourceFiles } from './support/source-files.ts';

/** Words of a provider's API, each with the files, beside its own folders, that may hold them in another meaning. */
type Words = Readonly<Record<string, readonly string[]>>;

interface Speaker {
  readonly folders: readonly string[];
  readonly words: Words;
}

const speakers: Readonly<Record<string, Speaker>> = {
  OpenAI: {
    folders: ['providers/openai/', 'emulator/'],
    words: {
      '/v1/': [],
      response_format: [],
      // The command line's parser calls the values of an option so.
      choices: ['cli/command-line.ts'],
      // The name of a parameter that pipeline files may use everywhere.
      completion_tokens: ['providers/gemini/dialect/parameters.ts'],
      prompt_tokens: [],
      input_file_id: [],
      output_file_id: [],
      error_file_id: [],
      status_code: [],
    },
  },
  Google: {
    folders: ['providers/gemini/', 'providers/gemini.ts', 'emulator/'],
    words: {
      v1beta: [],
      usageMetadata: [],
      generationConfig: [],
      systemInstruction: [],
      responseJsonSchema: [],
      promptFeedback: [],
      batchGenerateContent: [],
      asyncBatchEmbedContent: [],
      batchStats: [],
      'x-goog': [],
    },
  },
};

const src = join(import.meta.dirname, '../src');

const texts = readSourceFiles().map(({ path }) => ({ path, text: readFileSync(join(src, path), 'utf8') }));

describe.each(Object.entries(speakers))("%s's words", (_name, { folders, words }) => {
  const elsewhere = texts.filter(({ path }) => !folders.some((folder) => path.startsWith(folder)));
  test.each(Object.entries(words))('%s stands in its own folders only', (word, allowed) => {
    const holding = elsewhere.filter(({ text }) => text.includes(word)).map(({ path }) => path);
    expect(holding).toEqual(allowed);
  });
});
