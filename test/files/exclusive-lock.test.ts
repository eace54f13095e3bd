import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/files/exclusive-lock.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';

const lockModule = new URL('../../src/files/exclusive-lock.ts', import.meta.url).href;

/** A process that takes the lock and keeps it until it is killed. */
async function holder(path: string) {
  const program = `
    const { acquireLock } = await import(${JSON.stringify(lockModule)});
    const lock = await acquireLock(${JSON.stringify(path)});
    console.log(lock === null ? 'refused' : 'held');
    setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('held\n');
  return child;
}

describe('a lock', () => {
  it('is held by one at a time', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'owner.lock');
    const first = await acquireLock(path);
    expect(first).not.toBeNull();
    expect(await acquireLock(path)).toBeNull();
    await first?.[Symbol.asyncDispose]();
    await using second = await acquireLock(path);
    expect(second).not.toBeNull();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is released by the death of the process that holds it', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'owner.lock');
    const child = await holder(path);
    expect(await acquireLock(path)).toBeNull();
    const waiting = acquireLock(path, 30_000);
    child.kill('SIGKILL');
    await using lock = await waiting;
    expect(lock).not.toBeNull();
  });

  it('says why it cannot be had where its folder is missing', async () => {
    await expect(acquireLock('/nowhere/at/all/owner.lock')).rejects.toThrow(/unable to open/);
  });
});
