import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';

/** @throws BatchlineError `path_is_folder` */
export async function checkNotFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true)
    throw new BatchlineError('path_is_folder', `${path} is a folder`, {
      where: path,
      hint: 'Name a file in sink.path.',
    });
}

/** Whether a file could be made there; missing folders are made inside the nearest one that is. @throws BatchlineError */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && dirname(folder) !== folder) return checkWritable(folder);
    throw new BatchlineError('unwritable_folder', `cannot write to ${folder}: ${errorMessage(error)}`, {
      where: path,
      hint: 'Write to a folder that this user may write to.',
      cause: error,
    });
  }
}
