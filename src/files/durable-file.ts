import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Renames `temporary` to `path` so that the new name survives a power cut. The file itself must be synced already. */
export async function renameDurably(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes names that were added to a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; there the rename itself is journaled.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
