import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/emulator.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { Redactor } from '../../src/core/redact.ts';
import { connect, temporaryFolder } from '../emulator/client.ts';
import { runCli } from './run-cli.ts';

function contextIn(cwd: string, signal: AbortSignal, printed: string[]): CommandContext {
  const print = (text: string): void => void printed.push(text);
  return {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    cwd,
    signals: { drain: signal, abort: signal },
    redactor: new Redactor(),
    print,
  };
}

test('serves until it is interrupted, and prints the lines that a pipeline needs', async () => {
  await using folder = await temporaryFolder();
  const stop = new AbortController();
  const printed: string[] = [];
  const done = main([], { port: 0, latency: '0ms' }, contextIn(folder.path, stop.signal, printed));
  await expect.poll(() => printed).toHaveLength(4);
  const url = /base_url: (\S+)/.exec(printed.join('\n'))?.[1] ?? '';
  expect(printed[0]).toContain(`${folder.path}/.pipeline/emulator`);
  expect((await connect(url).batches.list()).data).toEqual([]);
  stop.abort();
  expect(await done).toBe(130);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test.each([{ port: 'x' }, { port: 70_000 }, { latency: 'soon' }])('refuses %o', async (options) => {
  await using folder = await temporaryFolder();
  const context = contextIn(folder.path, new AbortController().signal, []);
  await expect(main([], options, context)).rejects.toMatchObject({ code: 'invalid_option', exitCode: 2 });
});

test('does wrong what a file says', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'faults.yaml'), 'http: [{ fault: status, status: 503, requests: 1 }]');
  const stop = new AbortController();
  const printed: string[] = [];
  const context = contextIn(folder.path, stop.signal, printed);
  const done = main([], { port: 0, faults: 'faults.yaml' }, context);
  await expect.poll(() => printed.join('\n')).toContain('base_url');
  const client = connect(/base_url: (\S+)/.exec(printed.join('\n'))?.[1] ?? '');
  await expect(client.batches.list()).rejects.toMatchObject({ status: 503 });
  expect((await client.batches.list()).data).toEqual([]);
  stop.abort();
  expect(await done).toBe(130);
});

test('refuses a file of faults by naming the place', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'faults.yaml'), 'http:\n  - fault: cutt\n');
  const { code, stderr } = await runCli(['emulator', '--port', '0', '--faults', 'faults.yaml'], {
    cwd: folder.path,
  });
  expect(code).toBe(2);
  expect(stderr).toContain('faults.yaml:2:5  http[0].fault  must be one of');
  expect(stderr).toContain('(did you mean cut?)');
});
