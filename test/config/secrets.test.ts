import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPipeline } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { Redactor } from '../../src/core/redact.ts';
import { hideSecret } from '../../src/config/secrets.ts';
import { broken, checkFile, sound } from './check-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

function withProvider(block: string): string {
  return `${sound}provider:\n  type: openai\n${block}`;
}

describe('what a file holds is hidden', () => {
  test.each([
    ['an API key in the file', '  api_key: sk-literal-1\n', {}, 'sk-literal-1'],
    ['an API key of a variable', '  api_key: ${KEY}\n', { KEY: 'sk-from-env' }, 'sk-from-env'],
    ['an API key of digits', '  api_key: ${KEY}\n', { KEY: '123456789' }, '123456789'],
    ['a header', '  headers: { Authorization: "Bearer ${TOKEN}" }\n', { TOKEN: 'tok-12345' }, 'tok-12345'],
    ['a password in base_url', '  base_url: https://me:pass-in-url@gw.example/v1\n', {}, 'pass-in-url'],
    ['a usual variable that nothing names', '', {}, 'sk-ambient-key'],
  ])('%s', async (_name, block, env, secret) => {
    await using folder = await temporaryFolder({ 'p.yaml': withProvider(block) });
    const ambient = { OPENAI_API_KEY: 'sk-ambient-key' };
    const { redactor } = await loadPipeline(join(folder.path, 'p.yaml'), { env: { ...ambient, ...env } });
    expect(redactor.redact(`it was ${secret}!`)).toBe('it was [secret]!');
  });

  test.each([
    ['in the file', 'postgres://me:p%40ss-word@db.example/shop', {}],
    ['of a variable', '${URL}', { URL: 'postgres://me:p%40ss-word@db.example/shop' }],
    ['as a part', 'postgres://me:${PW}@db.example/shop', { PW: 'p%40ss-word' }],
    ['as a parameter', 'postgres://db.example/shop?user=me&password=p%40ss-word', {}],
    ['with the default', '${URL:-postgres://me:p%40ss-word@db.example/shop}', {}],
  ])('a database password %s, as written and decoded', (_name, url, env) => {
    const { redactor, lines } = checkFile(broken('url: embedded', `url: ${JSON.stringify(url)}`), env);
    expect(lines).toEqual([]);
    expect(redactor.redact('p%40ss-word and p@ss-word')).toBe('[secret] and [secret]');
  });

  test('words that are no secrets stay readable', () => {
    const env = { URL: 'postgres://postgres:postgres@localhost:5432/postgres', KIND: 'embedded' };
    const source = broken('url: embedded', 'url: ${URL}').replace('url: embedded', 'url: ${KIND}');
    const { redactor } = checkFile(source, env);
    expect(redactor.redact('postgres on localhost:5432, embedded')).toBe(
      'postgres on localhost:5432, embedded',
    );
    expect(redactor.redact('postgres://postgres:postgres@localhost:5432/other')).not.toContain(':postgres@');
  });
});

test('what only leads a request to its place stays readable, whatever it was filled in from', async () => {
  const block = `  headers: { x-litellm-model: '\${MODEL}', x-portkey-provider: openai, x-portkey-api-key: pk-1234, x-own: own-1234 }
  query: { model: gpt-4o-mini, api-version: preview, model_key: mk-1234 }\n`;
  await using folder = await temporaryFolder({ 'p.yaml': withProvider(block) });
  const { redactor } = await loadPipeline(join(folder.path, 'p.yaml'), { env: { MODEL: 'my-model' } });
  expect(redactor.redact('my-model of openai, gpt-4o-mini, preview')).toBe(
    'my-model of openai, gpt-4o-mini, preview',
  );
  expect(redactor.redact('pk-1234 own-1234 mk-1234')).toBe('[secret] [secret] [secret]');
});

test('made-up keys of the environment do not blot out ordinary words', async () => {
  await using folder = await temporaryFolder({ 'p.yaml': sound });
  const env = { OPENAI_API_KEY: 'test', POSTGRES_PASSWORD: 'postgres' };
  const { redactor } = await loadPipeline(join(folder.path, 'p.yaml'), { env });
  expect(redactor.redact('a test of postgres')).toBe('a test of postgres');
});

test('no problem shows what came from the environment, whatever is wrong with it', async () => {
  const paths = [
    'name',
    'mode',
    'keep_files',
    'max_failed_rows',
    'source.type',
    'source.key_mode',
    'sink.mode',
  ];
  const more = [
    'request.endpoint',
    'request.prompt',
    'batch.poll_interval',
    'batch.max_bytes',
    'provider.base_url',
  ];
  const key = 'zq9-{{ xkq8 | jvq7 }}-%{w';
  for (const path of [...paths, ...more, 'unknown']) {
    const keys = path.split('.');
    const nested = keys.map((each, depth) => `${'  '.repeat(depth)}${each}:`).join('\n');
    const source = `${nested} x\${SECRET}\n`;
    await using folder = await temporaryFolder({ 'p.yaml': source });
    const error = await loadPipeline(join(folder.path, 'p.yaml'), { env: { SECRET: key } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).not.toMatch(/zq9|xkq8|jvq7|%\{w/);
    expect(JSON.stringify((error as ConfigError).problems)).not.toMatch(/zq9|xkq8|jvq7|%\{w/);
  }
});

test('any password in any URL', () => {
  const password = fc.string({ minLength: 4, maxLength: 30, unit: 'binary-ascii' });
  fc.assert(
    fc.property(password, (text) => {
      fc.pre(text !== 'postgres' && text !== 'host' && text.trim().length >= 4);
      const redactor = new Redactor();
      hideSecret(redactor, `postgres://me:${encodeURIComponent(text)}@host/db`, []);
      expect(redactor.redact(`<${text}>`)).not.toContain(`<${text}>`);
      expect(redactor.redact(`<${encodeURIComponent(text)}>`)).not.toContain(`<${encodeURIComponent(text)}>`);
    }),
  );
});
