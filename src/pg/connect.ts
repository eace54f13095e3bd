import { Socket } from 'node:net';
import type { Client } from 'pg';
import { errorCode, errorMessage } from '../core/errors.ts';
import { databaseError } from './database-error.ts';
import { parseDatabaseUrl, type DatabaseAddress } from './database-url.ts';
import { passwordFromFile } from './password-file.ts';
import { encryptionAttempts, type Encryption } from './tls.ts';

export interface ConnectOptions {
  /** Where `embedded` keeps its server. */
  readonly stateDir: string;
  /** Shown to the database's administrator as the application's name. */
  readonly role: 'source' | 'sink';
  readonly signal: AbortSignal;
}

export interface Connection extends AsyncDisposable {
  readonly client: Client;
  /** `host:port/database`, without secrets. */
  readonly where: string;
}

/** A database that can be connected to several times. While it is held, an embedded server runs. */
export interface Database extends AsyncDisposable {
  readonly where: string;
  /** @throws BatchlineError */
  connect(signal: AbortSignal): Promise<Connection>;
}

const defaultTimeoutSeconds = 10;

/**
 * Connects to a database URL, or with `embedded` to the state folder's own server, which is started where it does not
 * run. The session has no settings: begin transactions with `beginReadOnly` or `beginReadWrite`.
 *
 * @throws BatchlineError that says in one line why, and never shows the password
 */
export async function connect(url: string, options: ConnectOptions): Promise<Connection> {
  const database = await openDatabase(url, options);
  try {
    const connection = await database.connect(options.signal);
    return {
      client: connection.client,
      where: connection.where,
      async [Symbol.asyncDispose]() {
        await connection[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** Finds the database that a URL names, starting the embedded server where it is that; connects to nothing yet. */
export async function openDatabase(url: string, options: ConnectOptions): Promise<Database> {
  if (url.trim() !== 'embedded') return databaseAt(parseDatabaseUrl(url), options.role, undefined);
  const { startEmbedded } = await import('./embedded.ts');
  const server = await startEmbedded(options.stateDir);
  return databaseAt(parseDatabaseUrl(server.url, {}), options.role, server);
}

function databaseAt(
  address: DatabaseAddress,
  role: ConnectOptions['role'],
  held: AsyncDisposable | undefined,
): Database {
  const where = `${address.host}:${address.port}/${address.database}`;
  return {
    where,
    async connect(signal) {
      const client = await connectedClient(address, role, where, signal);
      return { client, where, [Symbol.asyncDispose]: () => end(client) };
    },
    async [Symbol.asyncDispose]() {
      await held?.[Symbol.asyncDispose]();
    },
  };
}

/** Says goodbye; a server that does not answer to it is left after two seconds. */
async function end(client: Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), 2000);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}

async function connectedClient(
  address: DatabaseAddress,
  role: ConnectOptions['role'],
  where: string,
  signal: AbortSignal,
): Promise<Client> {
  let failure: unknown;
  for (const encryption of encryptionAttempts(address)) {
    if (failure !== undefined && !mayTryOtherwise(failure)) break;
    try {
      return await attempt(address, role, encryption, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The first error is about what the URL prefers, and so the one to tell, unless it is only that there is no TLS.
      if (failure === undefined || hasNoTls(failure)) failure = error;
    }
  }
  throw databaseError(failure, where, `connect to the ${role} database`);
}

/** As in libpq: with or without TLS is tried once more where the server refused the session, not where none answered. */
function mayTryOtherwise(failure: unknown): boolean {
  return errorCode(failure) === '28000' || /SSL|TLS/i.test(`${errorCode(failure)} ${errorMessage(failure)}`);
}

function hasNoTls(failure: unknown): boolean {
  return errorMessage(failure).includes('does not support SSL');
}

async function attempt(
  address: DatabaseAddress,
  role: ConnectOptions['role'],
  encryption: Encryption,
  signal: AbortSignal,
): Promise<Client> {
  signal.throwIfAborted();
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const client = new pg.Client({
    ...settings(address, role),
    ssl: encryption,
    stream: () => socket,
  });
  // A connection that breaks while it is idle is noticed by its next use; without a listener it would end the process.
  client.on('error', () => {});
  const abort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function settings({ host, port, user, database, password, parameters }: DatabaseAddress, role: string) {
  const options = parameters.get('options');
  const seconds = Number(parameters.get('connect_timeout') ?? defaultTimeoutSeconds);
  const direct = parameters.get('sslnegotiation') === 'direct';
  return {
    host,
    port,
    user,
    database,
    password: password ?? (() => findPassword({ host, port, user, database, password, parameters })),
    application_name: parameters.get('application_name') ?? `batchline ${role}`,
    keepAlive: true,
    connectionTimeoutMillis: Math.max(seconds, 1) * 1000,
    ...(options === undefined ? {} : { options }),
    ...(direct ? { sslnegotiation: 'direct' as const } : {}),
  };
}

async function findPassword(address: DatabaseAddress): Promise<string> {
  const password = await passwordFromFile(address);
  if (password === undefined) throw new Error('the server asks for a password, and no password was supplied');
  return password;
}
