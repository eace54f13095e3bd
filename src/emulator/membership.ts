import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAddress, type Address } from './address-file.ts';
import { isMap } from '../core/json.ts';
import { isFolderFree } from './state/folder-lock.ts';

/** A registration as a user of an emulator in another process, which stays up for as long as it has users. */
export interface Membership {
  /** Leaves. Where nobody is left, resolves when the emulator has let go of its folder. */
  leave(): Promise<void>;
}

const longestWelcomeMs = 5000;
const longestGoodbyeMs = 5000;

/**
 * Registers with the emulator at an address; null where it is not there any more, or about to end.
 *
 * @param signal breaks off the registration, and does not end it later
 */
export async function join(
  dataDir: string,
  address: Address,
  signal: AbortSignal,
): Promise<Membership | null> {
  // A connection of its own: its end is how the emulator learns that this process is gone.
  const connection = request(new URL('/emulator/users', address.url), { method: 'POST', agent: false });
  connection.on('error', ignore);
  connection.flushHeaders();
  const response = await firstResponse(connection, signal);
  if (response?.statusCode !== 200 || response.headers['x-emulator-id'] !== address.id) {
    connection.destroy();
    signal.throwIfAborted();
    return null;
  }
  // A forgotten membership must not keep this process alive.
  response.socket.unref();
  const farewell = text(response).catch(() => '');
  return { leave: async () => leave(connection, farewell, dataDir, address) };
}

async function firstResponse(
  connection: ClientRequest,
  signal: AbortSignal,
): Promise<IncomingMessage | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(longestWelcomeMs)]);
  try {
    const [response] = (await once(connection, 'response', { signal: limit })) as [IncomingMessage];
    return response;
  } catch {
    return null;
  }
}

async function leave(
  connection: ClientRequest,
  farewell: Promise<string>,
  dataDir: string,
  address: Address,
): Promise<void> {
  connection.socket?.ref();
  connection.end();
  const answer = await Promise.race([farewell, sleep(longestGoodbyeMs, '', { ref: false })]);
  connection.destroy();
  if (saysItEnds(answer)) await folderLeft(dataDir, address);
}

function saysItEnds(answer: string): boolean {
  if (answer === '') return false;
  const farewell: unknown = JSON.parse(answer);
  return isMap(farewell) && farewell['ends'] === true;
}

/** Resolves when the folder is free, or taken by another emulator already. */
async function folderLeft(dataDir: string, address: Address): Promise<void> {
  const deadline = Date.now() + longestGoodbyeMs;
  while (Date.now() < deadline && !isFolderFree(dataDir)) {
    const next = await readAddress(dataDir);
    if (next !== null && next.id !== address.id) return;
    await sleep(10);
  }
}

function ignore(): void {}
