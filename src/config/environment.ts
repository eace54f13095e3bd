import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { BatchlineError, errorCode, errorMessage } from '../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that a pipeline sees: the process's own, then those of `--env-file`, then those of `.env` beside the
 * file.
 *
 * @throws BatchlineError where `envFile` cannot be read
 */
export async function loadEnvironment(
  own: Environment,
  baseDir: string,
  envFile: string | undefined,
): Promise<Environment> {
  const beside = await readEnvFile(join(baseDir, '.env'), false);
  const named = envFile === undefined ? {} : await readEnvFile(resolve(envFile), true);
  return { ...beside, ...named, ...own };
}

async function readEnvFile(path: string, isRequired: boolean): Promise<Environment> {
  try {
    return parseEnv(await readFile(path, 'utf8'));
  } catch (error) {
    const isMissing = errorCode(error) === 'ENOENT';
    if (!isRequired && isMissing) return {};
    const reason = isMissing ? 'there is no such file' : errorMessage(error);
    throw new BatchlineError('unreadable_env_file', `cannot read the environment file: ${reason}`, {
      where: path,
      hint: 'Name a file of lines like NAME=value, which this user may read.',
      exitCode: 2,
      cause: error,
    });
  }
}
