import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { resolve } from 'node:path';
import { BatchlineError, errorCode, errorMessage } from '../core/errors.ts';
import { listOfModels } from './answers/known-models.ts';
import { announce } from './address-file.ts';
import type { FaultsInput } from './faults/faults.ts';
import { createHandler } from './handler.ts';
import type { RateLimits } from './routes/rate-limits.ts';
import { Presence, type UnusedRule } from './routes/presence-routes.ts';
import { Service } from './service.ts';
import { lockFolder } from './state/folder-lock.ts';
import { makeFolder } from '../files/make-folder.ts';

export interface EmulatorOptions {
  /** The port on loopback; 0, the default, takes a free one. */
  readonly port?: number;
  /** Folder of its files, batches and bill; it goes on from what it finds there. */
  readonly dataDir: string;
  /** The one key that is accepted; without it any key is. */
  readonly apiKey?: string;
  /** How long a batch takes from its creation to its end, where the work itself does not take longer. Default: 800. */
  readonly latencyMs?: number;
  /** Decides the order of result lines. */
  readonly seed?: number;
  /** What it is to do wrong; can be changed while it runs by `PUT /emulator/faults`. */
  readonly faults?: FaultsInput;
  /** Models that it has beside the providers'. Default: what the variable BATCHLINE_EMULATOR_MODELS lists. */
  readonly models?: readonly string[];
  /** What synchronous requests are held to; without, they are not. */
  readonly rates?: RateLimits;
  /** Stops the emulator when aborted. */
  readonly signal?: AbortSignal;
  /** For an emulator that is there for its registered users only: when it is to end. */
  readonly whenUnused?: UnusedRule;
}

/** A running emulator of the APIs of OpenAI, Anthropic and Google. Disposing it stops it; its state stays. */
export interface Emulator extends AsyncDisposable {
  /** What `base_url` is to be at OpenAI's API: `http://127.0.0.1:PORT/v1`. That of the others is its origin. */
  readonly url: string;
}

const defaultLatencyMs = 800;

/**
 * Starts an emulator in this process: files, batches and synchronous calls over HTTP on loopback. Batches that an
 * earlier emulator left unfinished in the folder go on.
 *
 * @throws BatchlineError `emulator_running` where the folder is in use, `port_in_use` where the port is, `invalid_faults`
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  options.signal?.throwIfAborted();
  const dataDir = resolve(options.dataDir);
  await makeFolder(dataDir, 0o700);
  await using starting = new AsyncDisposableStack();
  starting.use(lockFolder(dataDir));
  const stop = new AbortController();
  const service = starting.use(
    await Service.open(dataDir, {
      latencyMs: options.latencyMs ?? defaultLatencyMs,
      seed: options.seed ?? 0,
      faults: options.faults,
      models: options.models ?? modelsFromEnvironment(),
      rates: options.rates ?? {},
      stop,
    }),
  );
  // Before anything can be asked for, or a new batch would be taken for one that was left.
  await service.resume();
  const id = randomUUID();
  const presence = starting.use(new Presence(id, options.whenUnused));
  const routes = [...service.routes(), ...presence.routes()];
  const server = createServer(
    createHandler({
      routes,
      apiKey: options.apiKey,
      faults: service.faults,
      signal: stop.signal,
    }),
  );
  server.requestTimeout = 0;
  server.keepAliveTimeout = 30_000;
  const port = await listen(server, options.port ?? 0);
  starting.defer(() => close(server));
  const url = `http://127.0.0.1:${port}/v1`;
  starting.use(await announce(dataDir, { url, id }));
  return running(url, starting.move(), options.signal);
}

function running(url: string, resources: AsyncDisposableStack, signal: AbortSignal | undefined): Emulator {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    await (stopped ??= resources.disposeAsync());
  };
  const onAbort = (): void => {
    stop().catch((error: unknown) => console.error('emulator: stopping:', error));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return { url, [Symbol.asyncDispose]: stop };
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port, host: '127.0.0.1' }, resolve);
  try {
    await promise;
  } catch (error) {
    throw listenError(error, port);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listenError(error: unknown, port: number): BatchlineError {
  const inUse = errorCode(error) === 'EADDRINUSE';
  return new BatchlineError(
    inUse ? 'port_in_use' : 'cannot_listen',
    inUse ? `port ${port} is in use` : errorMessage(error),
    { where: `127.0.0.1:${port}`, hint: 'Choose another port, or 0 for a free one.', cause: error },
  );
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

function modelsFromEnvironment(): readonly string[] {
  return listOfModels(process.env['BATCHLINE_EMULATOR_MODELS'] ?? '');
}
