import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { runCli } from './run-cli.ts';

describe('help', () => {
  test('names every command, on standard output', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });

  test('of a command names its flags', async () => {
    const { code, stdout } = await runCli(['run', '--help']);
    expect(code).toBe(0);
    const flags = [
      '--new-run',
      '--limit',
      '--where',
      '--full-refresh',
      '--max-failed-rows',
      '--yes',
      '--set',
    ];
    for (const flag of [...flags, '--env-file', '--json', '--quiet', '--log-level', '--log-format']) {
      expect(stdout).toContain(flag);
    }
  });

  test('the version is the package’s', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

test('Node leaves our flags alone, as the first line of the program starts it', async () => {
  const main = 'src/cli/main.ts';
  const [first = ''] = (await readFile(main, 'utf8')).split('\n');
  expect(first).toMatch(/^#!\/usr\/bin\/env -S /);
  const words = first.slice('#!/usr/bin/env -S '.length);
  const args = ['-S', words, main, 'validate', 'pipelines/quickstart.yaml', '--env-file', 'nope.env'];
  const failure: unknown = await promisify(execFile)('/usr/bin/env', args).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('error: cannot read the environment file: there is no such file'),
  });
});

describe('wrong usage ends with 2', () => {
  test.each([
    [['validat', 'x'], 'Did you mean validate?'],
    [['run', 'x', '--limt', '3'], 'Did you mean --limit?'],
    [['run', 'x', '--limit', '0'], 'must be a whole number above 0'],
    [['run', 'x', '--limit', '1e3'], 'must be a whole number above 0'],
    [['run', 'x', '--max-failed-rows', '1.5'], 'must be a number of rows or a percentage like 1%'],
    [['run', 'x', '--log-format', 'xml'], 'text, json'],
    [['run'], "missing required argument 'file'"],
    [['build', 'x'], "required option '--out <dir>'"],
    [['load', 'x'], 'either --results PATH'],
    [['emulator', '--port', '65536'], 'must be a port'],
    [['validate', 'a', '--nope'], "unknown option '--nope'"],
    [[], 'Usage: pipeline'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});
