import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../config/temporary-folder.ts';

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const signals = new URL('../../src/cli/signals.ts', import.meta.url).href;

describe('SIGINT and SIGTERM', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a command with 130, cleaned up', async (name) => {
    await using folder = await temporaryFolder({});
    const child = spawn(process.execPath, [program, 'emulator', '--port', '0'], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'readable');
    child.kill(name);
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(130);
  });

  test('a second one ends a command that does not stop', async () => {
    const stubborn = `import { watchSignals } from '${signals}'; watchSignals(process); process.on('SIGINT', () => console.log('heard')); setInterval(() => {}, 1000); console.log('up')`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', stubborn], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(String(await once(child.stdout, 'data'))).toBe('heard\n');
    await pause(300);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(130);
  });
});

test('a reader that leaves early is no error', async () => {
  const child = spawn(process.execPath, [program, 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([
    child.stderr.toArray(),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  expect(code).toBe(0);
  expect(Buffer.concat(stderr).toString()).toBe('');
});

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
