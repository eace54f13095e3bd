import { expect, test } from 'vitest';
import { copyExamples, exampleFiles } from './example-project.ts';

test('every example is valid, and asks for no key before it is run', async () => {
  const files = await exampleFiles();
  await using project = await copyExamples({ DATABASE_URL: 'postgres://nowhere.invalid/none' });
  const paths = files.map((file) => `pipelines/${file}`);
  const { code, stdout, stderr } = await project.cli('validate', ...paths);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toEqual(paths.map((path) => `${path}: ok`));
});

test('the examples that use a database say so where it is not named', async () => {
  await using project = await copyExamples({});
  const { code, stderr } = await project.cli('validate', 'pipelines/nightly-tags.yaml');
  expect(code).toBe(2);
  expect(stderr).toContain('source.url  the environment variable DATABASE_URL is not set');
});
