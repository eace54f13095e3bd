import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSourceFiles } from './support/source-files.ts';

type Words = Readonly<Record<string, readonly string[]>>;

/** Words of each provider's API, each with the files, beside the folders that speak it, that may hold them too. */
const providers: Readonly<Record<string, { readonly folders: readonly string[]; readonly words: Words }>> = {
  OpenAI: {
    folders: ['providers/openai/', 'emulator/'],
    words: {
      response_format: [
        'providers/anthropic/dialect/parameters.ts',
        'providers/gemini/dialect/parameters.ts',
      ],
      // The command line's parser calls the values of an option so.
      choices: ['cli/command-line.ts'],
      // The limit by OpenAI's names is taken everywhere.
      completion_tokens: ['providers/anthropic/dialect/params.ts', 'providers/gemini/dialect/parameters.ts'],
      prompt_tokens: [],
      input_file_id: [],
      output_file_id: [],
      error_file_id: [],
      status_code: [],
    },
  },
  Anthropic: {
    folders: ['providers/anthropic/', 'emulator/'],
    words: {
      stop_reason: [],
      cache_control: [],
      'messages/batches': [],
      output_config: [],
      processing_status: [],
      results_url: [],
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
  'Either provider': {
    folders: ['providers/', 'emulator/'],
    words: { '/v1/': [] },
  },
};

const src = join(import.meta.dirname, '../src');
const texts = readSourceFiles().map(({ path }) => ({ path, text: readFileSync(join(src, path), 'utf8') }));

describe.each(Object.entries(providers))("%s's words", (_name, { folders, words }) => {
  const others = texts.filter(({ path }) => !folders.some((folder) => path.startsWith(folder)));
  test.each(Object.entries(words))('%s stands in its own folders only', (word, elsewhere) => {
    const holding = others.filter(({ text }) => text.includes(word)).map(({ path }) => path);
    expect(holding).toEqual(elsewhere);
  });
});
