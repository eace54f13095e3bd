import { join } from 'node:path';
import { declarationOf } from '../config/blocks.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { OpenedProvider } from '../core/provider.ts';
import type { ColumnPlan, OpenedSink } from '../core/sink.ts';
import type { OpenedSource } from '../core/source.ts';
import type { Field } from '../core/value.ts';
import { providers } from '../providers/index.ts';
import type { ColumnSet } from '../results/columns.ts';
import { sinks } from '../sinks/index.ts';
import { sources } from '../sources/index.ts';
import type { SourceSchema } from '../ledger/ledger.ts';
import { addedKeyFields, sourceKeyNames } from './key-names.ts';

export async function openSource(loaded: LoadedPipeline, host: Host, where?: string): Promise<OpenedSource> {
  const block = loaded.pipeline.source;
  return declarationOf(sources, block).open(block, {
    key: sourceKeyNames(loaded.pipeline),
    baseDir: loaded.baseDir,
    stateDir: loaded.stateDir,
    where,
    signal: host.signals.abort,
    warn: warnWith(host),
  });
}

export async function openSink(
  loaded: LoadedPipeline,
  schema: SourceSchema,
  columns: ColumnSet,
  host: Host,
): Promise<OpenedSink> {
  const block = loaded.pipeline.sink;
  return declarationOf(sinks, block).open(block, {
    pipeline: loaded.name,
    key: keyColumns(loaded.pipeline, schema.keyFields),
    isSplit: addedKeyFields(loaded.pipeline).length > 0,
    columns: columns.plans,
    baseDir: loaded.baseDir,
    stateDir: loaded.stateDir,
    runsTable: loaded.pipeline.runs_table,
    signal: host.signals.abort,
    warn: warnWith(host),
  });
}

function keyColumns(pipeline: Pipeline, keyFields: readonly Field[]): readonly ColumnPlan[] {
  const { key } = pipeline.sink;
  const typed = typeof key === 'object' && !Array.isArray(key) ? Object.entries(key) : null;
  const names =
    typed?.map(([name]) => name) ?? (typeof key === 'string' ? [key] : (key as string[] | undefined));
  return keyFields.map((field, part) => ({
    name: names?.[part] ?? field.name,
    sqlType: typed?.[part]?.[1] ?? field.sqlType,
    isVector: false,
    isWhole: typed === null && field.kind === 'integer',
  }));
}

/** Whether rows that did not change are left out (contract section 4). */
export function skipsUnchanged(pipeline: Pipeline, sink: OpenedSink): boolean {
  const configured = pipeline.sink['unchanged'];
  if (configured === 'skip' && !sink.keepsHash) {
    throw new BatchlineError(
      'no_request_hash',
      `sink.unchanged: skip needs a column request_hash in ${sink.target}.`,
      {
        hint: `Add it (ALTER TABLE ${sink.target} ADD COLUMN request_hash text) or take \`unchanged\` out.`,
        exitCode: 2,
      },
    );
  }
  return configured === undefined ? sink.keepsHash : configured === 'skip';
}

export interface ProviderUse extends AsyncDisposable {
  readonly provider: OpenedProvider;
  /** Whether answers are synthetic. */
  readonly isEmulator: boolean;
}

/**
 * Opens the provider; `base_url: emulator` starts the emulator, a process of its own, for as long as it is in use.
 *
 * @param offline whether it will only be asked for its formats and limits
 */
export async function openProvider(
  loaded: LoadedPipeline,
  host: Host,
  offline: boolean,
): Promise<ProviderUse> {
  const block = loaded.pipeline.provider;
  const isEmulator = block['base_url'] === 'emulator';
  await using resources = new AsyncDisposableStack();
  const declaration = declarationOf(providers, block);
  const overrides = offline
    ? unreached
    : isEmulator
      ? await startEmulatorFor(loaded, host, resources, declaration.basePath)
      : {};
  const provider = await declaration.open(
    { ...block, ...overrides },
    // The emulator is on this machine, where no proxy leads to.
    {
      stateDir: loaded.stateDir,
      env: isEmulator ? {} : loaded.env,
      signal: host.signals.abort,
      warn: warnWith(host),
    },
  );
  const kept = resources.move();
  return { provider, isEmulator, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** An address and a key for a provider that is never called. */
const unreached = { base_url: 'http://127.0.0.1/v1', api_key: 'none' };

async function startEmulatorFor(
  loaded: LoadedPipeline,
  host: Host,
  resources: AsyncDisposableStack,
  basePath: string,
) {
  const { spawnEmulator } = await import('../emulator/spawn.ts');
  const emulator = resources.use(
    await spawnEmulator({ dataDir: join(loaded.stateDir, 'emulator'), signal: host.signals.abort }),
  );
  // A key that stands in the environment is a real one and no business of the emulator's.
  return { base_url: `${new URL(emulator.url).origin}${basePath}`, api_key: 'emulator' };
}

function warnWith(host: Host): (message: string) => void {
  return (message) => host.emit({ type: 'Warned', message });
}
