import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap } from '../core/json.ts';

/** Where the emulator that uses a folder can be reached. */
export interface Address {
  readonly url: string;
  /** Names one start of the emulator; its health page repeats it. */
  readonly id: string;
}

function addressPath(dataDir: string): string {
  return join(dataDir, 'emulator.json');
}

/** Writes the address into the folder, until disposed. */
export async function announce(dataDir: string, address: Address): Promise<AsyncDisposable> {
  const path = addressPath(dataDir);
  await writeFile(`${path}.part`, JSON.stringify(address), { mode: 0o600 });
  await rename(`${path}.part`, path);
  return { [Symbol.asyncDispose]: async () => rm(path, { force: true }) };
}

/** The address that stands in the folder. It may be out of date: a killed emulator leaves it behind. */
export async function readAddress(dataDir: string): Promise<Address | null> {
  const text = await readFile(addressPath(dataDir), 'utf8').catch(() => null);
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (!isMap(value) || typeof value['url'] !== 'string' || typeof value['id'] !== 'string') return null;
  return { url: value['url'], id: value['id'] };
}
