import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StartedGateway extends AsyncDisposable {
  /** What a pipeline's `base_url` is to be. */
  readonly url: string;
}

export interface GatewayStart {
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers once the gateway is ready. */
  readonly health: string;
}

const longestStartMs = 120_000;

/** Starts a gateway on a free port of loopback and waits until it answers. */
export async function startGateway({
  command,
  args,
  cwd,
  env,
  health,
}: GatewayStart): Promise<StartedGateway> {
  const port = await freePort();
  const child = spawn(command, args(port), {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => said.push(text.toString()));
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  for (const start = Date.now(); ; await sleep(200)) {
    const answer = await fetch(`http://127.0.0.1:${port}${health}`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (child.exitCode === null && Date.now() - start < longestStartMs) continue;
    await stop();
    throw new Error(`${command} does not answer: ${said.join('').slice(-2000)}`);
  }
  return { url: `http://127.0.0.1:${port}/v1`, [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.');
  return address.port;
}
