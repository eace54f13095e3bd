import { expect, test } from 'vitest';
import { tokenizerOf } from '../../src/plan/tokenizer.ts';
import { checkFile, sound } from '../config/check-file.ts';

test.each([
  ['gpt-4o-mini', { encoding: 'o200k_base', isOwn: true }],
  ['gpt-4-turbo', { encoding: 'cl100k_base', isOwn: true }],
  ['my-model', { encoding: 'o200k_base', isOwn: false }],
])('the prompts of %s are counted by its own tokenizer, or one like it', (model, expected) => {
  const { pipeline } = checkFile(sound.replace('gpt-4o-mini', model));
  expect(pipeline === undefined ? null : tokenizerOf(pipeline)).toEqual(expected);
});
