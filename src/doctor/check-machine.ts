import { X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { errorMessage } from '../core/errors.ts';
import { diskOf, existing, mountOf, size } from '../files/disk.ts';
import { examineLedger } from '../ledger/examine.ts';
import { proxySettings } from '../providers/http/dispatcher.ts';
import type { CheckList } from './check-list.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Machine {
  readonly stateDir: string;
  readonly env: Environment;
  /** Sealed files that may wait on the disk, in bytes, where the file says so itself. */
  readonly prepared?: number | undefined;
}

/** Node, disk, state folder, proxy and certificates. */
export async function checkMachine(list: CheckList, machine: Machine): Promise<void> {
  const { stateDir, env } = machine;
  list.add('node', 'ok', `Node ${process.versions.node}`);
  checkDisk(list, machine);
  checkState(list, stateDir);
  await checkProxies(list, env);
  checkCertificates(list, env);
}

/** Below this a run of any size fails soon. */
const tooLittle = 100_000_000;
const little = 1_000_000_000;

function checkDisk(list: CheckList, { stateDir, prepared }: Machine): void {
  const disk = diskOf(stateDir);
  if (disk === null) return list.add('disk', 'warn', `the disk at ${stateDir} does not tell its room`);
  const room = `${size(disk.free)} of ${size(disk.total)} free at ${mountOf(stateDir)}`;
  const hint =
    'Make room on it, `pipeline gc` deletes what ended runs left; or put `state:` on another disk.';
  if (disk.free < tooLittle) list.add('disk', 'fail', `the disk is nearly full: ${room}`, hint);
  else if (disk.free < little || disk.free < disk.total * 0.03)
    list.add('disk', 'warn', `the disk is nearly full: ${room}`, hint);
  else if (prepared !== undefined && disk.free < prepared)
    list.add('disk', 'warn', `batch.max_prepared allows ${size(prepared)}, and there is less: ${room}`, hint);
  else list.add('disk', 'ok', room);
}

function checkState(list: CheckList, stateDir: string): void {
  const folder = existing(stateDir);
  try {
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder');
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const hint = 'Make it writable for this user, or name another folder with `state:`.';
    return list.add('state', 'fail', `${folder} cannot be written: ${errorMessage(error)}`, hint);
  }
  const fault = examineLedger(stateDir);
  if (fault === null) return list.add('state', 'ok', `${stateDir} can be written`);
  list.add('state', 'fail', `the ledger in ${stateDir} is damaged: ${fault}`, 'See docs/recovery.md.');
}

async function checkProxies(list: CheckList, env: Environment): Promise<void> {
  const settings = await list.attempt('proxy', async () => proxySettings(env));
  if (settings === undefined) return;
  if (settings === null) return list.add('proxy', 'ok', 'none is set');
  for (const name of ['httpsProxy', 'httpProxy'] as const) {
    const url = URL.parse(settings[name]);
    if (url === null) continue;
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const variable = name === 'httpProxy' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
    const exempt = settings.noProxy === '' ? '' : `; NO_PROXY: ${settings.noProxy}`;
    const fault = await reach(url.hostname, port);
    if (fault === null) list.add('proxy', 'ok', `${variable} ${url.hostname}:${port} is reached${exempt}`);
    else
      list.add(
        'proxy',
        'fail',
        `the proxy ${url.hostname}:${port} is not reached: ${fault}${exempt}`,
        `Correct ${variable}, or take it out; NO_PROXY names hosts that need none.`,
      );
  }
}

/** @returns why not; null where somebody listens */
function reach(host: string, port: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ host: host.replaceAll(/[[\]]/g, ''), port, timeout: 5000 });
  socket.once('connect', () => resolve(null));
  socket.once('timeout', () => resolve('no answer within 5 s'));
  socket.once('error', (error) => resolve(errorMessage(error)));
  return promise.finally(() => socket.destroy());
}

function checkCertificates(list: CheckList, env: Environment): void {
  const path = env['NODE_EXTRA_CA_CERTS'] ?? '';
  if (path === '') return;
  try {
    const { subject } = new X509Certificate(readFileSync(path));
    list.add('certificates', 'ok', `NODE_EXTRA_CA_CERTS ${path} is read; its first: ${subject}`);
  } catch (error) {
    list.add(
      'certificates',
      'fail',
      `NODE_EXTRA_CA_CERTS ${path} cannot be read: ${errorMessage(error)}`,
      'Name a PEM file of certificates, or take the variable out.',
    );
  }
}
