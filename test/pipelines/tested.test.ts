import { expect, test } from 'vitest';
import { copyExamples, exampleFiles } from './example-project.ts';

test('each example passes its own test, without a network, a database or a key', async () => {
  const files = await exampleFiles();
  await using project = await copyExamples({});
  const { code, stdout, stderr } = await project.cli('test', ...files.map((file) => `pipelines/${file}`));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const file of files) expect(stdout).toContain(`${file.replace('.yaml', '.test.yaml')}: ok`);
});
