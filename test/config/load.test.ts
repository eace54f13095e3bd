import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPipeline } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { broken, sound } from './check-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const unnamed = broken('name: tags\n', '');

describe('a loaded pipeline', () => {
  test('knows its folders, absolute', async () => {
    await using folder = await temporaryFolder({ 'a/p.yaml': `${sound}state: ../state\n` });
    const loaded = await loadPipeline(join(folder.path, 'a/p.yaml'), { env: {} });
    expect(loaded).toMatchObject({
      name: 'tags',
      path: join(folder.path, 'a/p.yaml'),
      baseDir: join(folder.path, 'a'),
      stateDir: join(folder.path, 'state'),
    });
  });

  test.each([
    ['Nightly Tags.yaml', 'nightly-tags'],
    ['a.b.yml', 'a-b'],
    ['snake_case-1.yaml', 'snake_case-1'],
    ['été.yaml', '-t-'],
  ])('%s is named %s', async (file, name) => {
    await using folder = await temporaryFolder({ [file]: unnamed });
    expect((await loadPipeline(join(folder.path, file), { env: {} })).name).toBe(name);
  });
});

describe('where variables come from', () => {
  const files = {
    'p.yaml': broken('name: tags', 'name: ${V}'),
    '.env': 'V=beside\nW="with space"\n',
    'other.env': 'V=named\n',
  };

  test('the process, then --env-file, then .env beside the file', async () => {
    await using folder = await temporaryFolder(files);
    const path = join(folder.path, 'p.yaml');
    const envFile = join(folder.path, 'other.env');
    expect((await loadPipeline(path, { env: { V: 'own' }, envFile })).name).toBe('own');
    expect((await loadPipeline(path, { env: {}, envFile })).name).toBe('named');
    expect((await loadPipeline(path, { env: {} })).name).toBe('beside');
  });

  test('all of them reach whoever needs the environment', async () => {
    await using folder = await temporaryFolder(files);
    const { env } = await loadPipeline(join(folder.path, 'p.yaml'), { env: { X: '1' } });
    expect(env).toMatchObject({ V: 'beside', W: 'with space', X: '1' });
  });

  test('an environment file that is named must be there', async () => {
    await using folder = await temporaryFolder(files);
    const path = join(folder.path, 'p.yaml');
    const envFile = join(folder.path, 'none.env');
    await expect(loadPipeline(path, { env: {}, envFile })).rejects.toMatchObject({
      code: 'unreadable_env_file',
      where: envFile,
      exitCode: 2,
    });
  });
});

describe('a file that cannot be read', () => {
  test('is missing', async () => {
    await expect(loadPipeline('/nowhere/p.yaml', { env: {} })).rejects.toMatchObject({
      code: 'unreadable_pipeline',
      message: 'cannot read the pipeline file: there is no such file',
      where: '/nowhere/p.yaml',
      exitCode: 2,
    });
  });

  test('is a folder', async () => {
    await using folder = await temporaryFolder({});
    await expect(loadPipeline(folder.path, { env: {} })).rejects.toMatchObject({
      message: 'cannot read the pipeline file: it is a folder',
      exitCode: 2,
    });
  });

  test('is no text', async () => {
    await using folder = await temporaryFolder({ 'p.yaml': Buffer.from([0xff, 0xfe, 0x00, 0xd8]) });
    await expect(loadPipeline(join(folder.path, 'p.yaml'), { env: {} })).rejects.toMatchObject({
      message: 'cannot read the pipeline file: it is not UTF-8 text',
      exitCode: 2,
    });
  });

  test('has faults: all of them are in the error', async () => {
    await using folder = await temporaryFolder({
      'p.yaml': broken('endpoint: chat', 'endpoint: x').replace('key', 'kee'),
    });
    const error = await loadPipeline(join(folder.path, 'p.yaml'), { env: {} }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'invalid_pipeline', exitCode: 2 });
    expect((error as ConfigError).problems.map(({ path }) => path)).toEqual([
      'source.key',
      'source.kee',
      'request.endpoint',
    ]);
  });
});

test.each(['nothing', '=x', 'a..b=1', '.a=1'])('--set %s is not of the form path=value', async (argument) => {
  await using folder = await temporaryFolder({ 'p.yaml': sound });
  const path = join(folder.path, 'p.yaml');
  await expect(loadPipeline(path, { env: {}, set: [argument] })).rejects.toMatchObject({
    code: 'invalid_override',
    exitCode: 2,
  });
});
