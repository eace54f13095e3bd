import { exists } from '../files/exists.ts';
import { chunkFiles } from './chunk-files.ts';
import { followersPath } from './follower-file.ts';

/** The result files of a chunk that are kept, compressed or not, the output first. */
export async function savedFiles(folder: string, chunk: number): Promise<readonly string[]> {
  const { output, errors } = chunkFiles(folder, chunk);
  const found: string[] = [];
  for (const path of [output, errors]) {
    // A crash while it was compressed may have left both.
    for (const name of [path, `${path}.gz`]) {
      if (!(await exists(name))) continue;
      found.push(name);
      break;
    }
  }
  return found;
}

/** Whether the lines of rows that took another's answer are kept. */
export function hasFollowers(folder: string): Promise<boolean> {
  return exists(followersPath(folder));
}
