import { resolve } from 'node:path';
import { once } from 'node:events';
import { BatchlineError } from '../core/errors.ts';
import { duration } from '../core/quantity.ts';
import { withDialect } from '../emulator/dialects.ts';
import type { FaultsInput } from '../emulator/faults/faults.ts';
import type { Main } from './context.ts';

const standardPort = 8089;
const standardFolder = '.pipeline/emulator';

/** `pipeline emulator`: serves the providers' batch APIs on loopback until it is interrupted. */
export const main: Main = async (_args, options, context) => {
  const { startEmulator } = await import('../emulator/server.ts');
  const dataDir = resolve(context.cwd, textOption(options['data'] ?? options['stateDir'], standardFolder));
  await using emulator = await startEmulator({
    port: portOption(options['port']),
    dataDir,
    signal: context.signals.drain,
    rates: { requestsPerMinute: rate(options['rpm']), tokensPerMinute: rate(options['tpm']) },
    ...latencyOption(options['latency']),
    ...(await modelsOption(options['models'])),
    ...(await faultsOption(options, context.cwd)),
  });
  context.print(`emulator: ${emulator.url}  (files, batches and bill in ${dataDir})`);
  context.print('provider:');
  context.print(`  base_url: ${emulator.url}  # anthropic, gemini: ${new URL(emulator.url).origin}`);
  context.print('  api_key: any-key-will-do');
  await interrupted(context.signals.drain);
  return 130;
};

async function interrupted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function portOption(value: unknown): number {
  const port = value === undefined ? standardPort : Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usage('--port', 'is no port', 'Write a number from 0 to 65535.');
}

function latencyOption(value: unknown): { latencyMs?: number } {
  if (value === undefined) return {};
  const latencyMs = typeof value === 'number' ? value : duration.safeParse(value).data;
  if (latencyMs === undefined) throw usage('--latency', 'is no duration', 'Write it like 0ms, 2s or 15m.');
  return { latencyMs };
}

async function modelsOption(names: unknown): Promise<{ models?: readonly string[] }> {
  if (typeof names !== 'string') return {};
  const { listOfModels } = await import('../emulator/answers/known-models.ts');
  return { models: listOfModels(names) };
}

async function faultsOption(
  { faults: path, dialect }: Readonly<Record<string, unknown>>,
  cwd: string,
): Promise<{ faults?: FaultsInput }> {
  const { readFaultsFile } = await import('../emulator/faults/read-faults.ts');
  const faults = typeof path === 'string' ? await readFaultsFile(resolve(cwd, path)) : undefined;
  if (typeof dialect === 'string') return { faults: withDialect(dialect, faults) };
  return faults === undefined ? {} : { faults };
}

function rate(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOption(value: unknown, standard: string): string {
  return typeof value === 'string' && value !== '' ? value : standard;
}

function usage(option: string, what: string, hint: string): BatchlineError {
  return new BatchlineError('invalid_option', `the value of ${option} ${what}`, { hint, exitCode: 2 });
}
