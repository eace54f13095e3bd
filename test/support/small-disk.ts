import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../../src/core/errors.ts';

/** A file system of a few megabytes, which lives in memory. */
export class SmallDisk implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'batchline-disk-'));

  /** @param size as `mount` takes it: `8m` */
  constructor(size: string) {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.path], { stdio: 'pipe' });
    } catch (error) {
      rmSync(this.path, { recursive: true });
      throw error;
    }
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = openSync(join(this.path, 'ballast'), 'a');
    for (let block = Buffer.alloc(1 << 20); block.length > 0;) {
      try {
        writeSync(file, block);
      } catch (error) {
        if (errorCode(error) !== 'ENOSPC') throw error;
        block = block.subarray(0, Math.floor(block.length / 2));
      }
    }
    closeSync(file);
  }

  /** Makes room again. */
  enlarge(size: string): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.path]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Whether this user may mount a disk here. */
export function canMount(): boolean {
  try {
    using _disk = new SmallDisk('1m');
    return true;
  } catch {
    return false;
  }
}
