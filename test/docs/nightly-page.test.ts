import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { commands } from '../../src/cli/commands.ts';
import { blocksOf } from './page-blocks.ts';

/** What other programs read is read by them where they are installed; the commands in it by our own table. */

const blocks = blocksOf('docs/nightly.md');
const named = (language: string) => blocks.filter((block) => block.language === language);
const run = promisify(execFile);

test('each scheduler has its block', () => {
  expect(blocks.map(({ language }) => language).toSorted()).toEqual(
    ['crontab', 'crontab', 'ini', 'ini', 'python', 'python', 'yaml', 'yaml', 'yaml'].toSorted(),
  );
});

test('YAML is YAML, of the kind that it is for', () => {
  const tops = named('yaml').flatMap(({ text }) =>
    parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return Object.keys(document.toJS() as object);
    }),
  );
  expect(tops).toEqual([
    ['notify'],
    ['name', 'on', 'concurrency', 'jobs'],
    ['apiVersion', 'kind', 'metadata', 'spec'],
    ['apiVersion', 'kind', 'metadata', 'spec'],
  ]);
});

test('every command line has a command and flags that there are', () => {
  const lines = blocks.flatMap(({ text }) =>
    Array.from(
      text
        .replaceAll(/cmds=\["pipeline"\],\s*arguments=\["(.*?)"\]/gs, 'pipeline $1')
        .replaceAll(/command: \[(.*?)\]/gs, '$1')
        .replaceAll(/", "|,\s+/g, ' ')
        .matchAll(/\bpipeline (run|collect|status)\b[^\n|"]*/g),
      ([line]) => line.split(' ').slice(1),
    ),
  );
  expect(lines.length).toBeGreaterThanOrEqual(8);
  const unknown = lines.flatMap(([name, ...words]) => {
    const known = commands.find((command) => command.name === name)?.options ?? [];
    const flags = new Set(known.map((option) => option.flags.split(' ')[0]));
    return words.filter((word) => word.startsWith('--') && !flags.has(word)).map((word) => `${name} ${word}`);
  });
  expect(unknown).toEqual([]);
});

test.skipIf(spawnSync('systemd-analyze', ['--version']).error !== undefined)(
  'systemd takes its units',
  async () => {
    await using folder = await temporaryFolder();
    for (const { text } of named('ini')) {
      const [, name = ''] = /^# \/etc\/systemd\/system\/(\S+)/.exec(text) ?? [];
      await writeFile(join(folder.path, name), text);
      const { stderr } = await run('systemd-analyze', ['verify', '--man=no', join(folder.path, name)]);
      expect(stderr.split('\n').filter((line) => line.includes(folder.path))).toEqual([]);
    }
  },
);

test.skipIf(spawnSync('python3', ['--version']).status !== 0)('Python takes the DAGs', async () => {
  await using folder = await temporaryFolder();
  for (const [at, { text }] of named('python').entries()) {
    const path = join(folder.path, `dag${at}.py`);
    await writeFile(path, text);
    const { stderr } = await run('python3', ['-m', 'py_compile', path]);
    expect(stderr).toBe('');
  }
});

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'batchline-nightly-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
