import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkFile } from '../config/check-file.ts';
import { blocksOf, pages, root } from './page-blocks.ts';
import { frame, pipelineBlocks, placeOf, testsElsewhere } from './pipeline-blocks.ts';

/** Every block of YAML is a sound pipeline, or a part of one, or is named with the test that reads it. */

const variables = {
  DATABASE_URL: 'postgres://me@db.example.com/support',
  OPENAI_API_KEY: 'sk-of-the-test',
  SLACK_WEBHOOK_URL: 'https://hooks.example.com/1',
};

test.each(pipelineBlocks.map((block) => [placeOf(block), block] as const))('%s is right', (_place, block) => {
  const env = {
    ...variables,
    ...Object.fromEntries(variablesOf(block.text).map((name) => [name, 'x-1234567'])),
  };
  expect(checkFile(stringify(frame(block)), { ...env, ...variables }).lines).toEqual([]);
});

test('every block is in a language of which a test knows what to do with it, or in none', () => {
  const known = ['', 'crontab', 'ini', 'json', 'python', 'sh', 'sql', 'text', 'ts', 'yaml'];
  const others = pages.flatMap(blocksOf).filter(({ language }) => !known.includes(language));
  expect(others.map(placeOf)).toEqual([]);
});

test('what is tested elsewhere is', () => {
  expect(testsElsewhere.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

function variablesOf(text: string): readonly string[] {
  return Array.from(text.matchAll(/\$\{(\w+)\}/g), ([, name = '']) => name);
}
