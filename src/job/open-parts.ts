import { join } from 'node:path';
import { declarationOf } from '../config/blocks.ts';
import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { OpenedProvider } from '../core/provider.ts';
import type { ColumnPlan, OpenedSink } from '../core/sink.ts';
import type { OpenedSource } from '../core/source.ts';
import type { OpenedTransform } from '../core/transform.ts';
import type { Field } from '../core/value.ts';
import { providers } from '../providers/index.ts';
import { partialFlag, type RequestFlags } from './fingerprint.ts';
import { requestFields } from '../request/renderer.ts';
import { planColumns, type ColumnSet } from '../results/columns.ts';
import { sinks } from '../sinks/index.ts';
import { sources } from '../sources/index.ts';
import { transforms } from '../transforms/index.ts';
import type { RunRecord, SourceSchema } from '../ledger/ledger.ts';

function keyNames(pipeline: Pipeline): readonly string[] {
  const { key } = pipeline.source;
  return typeof key === 'string' ? [key] : key;
}

/** The fields that transforms add to the source's key. */
export function addedKeyFields(pipeline: Pipeline): readonly Field[] {
  return pipeline.transforms.flatMap((block) => declarationOf(transforms, block).keyField ?? []);
}

/** The names of an item's key parts: the source key's, and behind them what transforms add. */
export function itemKeyNames(pipeline: Pipeline): readonly string[] {
  return [...keyNames(pipeline), ...addedKeyFields(pipeline).map(({ name }) => name)];
}

export async function openSource(loaded: LoadedPipeline, host: Host, where?: string): Promise<OpenedSource> {
  const block = loaded.pipeline.source;
  return declarationOf(sources, block).open(block, {
    key: keyNames(loaded.pipeline),
    baseDir: loaded.baseDir,
    stateDir: loaded.stateDir,
    where,
    signal: host.signals.abort,
    warn: warnWith(host),
  });
}

/** The transforms, and what flows through them. */
export interface TransformChain {
  readonly transforms: readonly OpenedTransform[];
  /** The fields to read from the source. */
  readonly read: readonly string[];
  /** The fields that reach the renderer. */
  readonly fields: readonly Field[];
  /** What the transforms depend on beside their configuration. */
  readonly fingerprint: ChainFingerprint;
}

type ChainFingerprint = Readonly<Record<string, string>>;

/** Opens the transforms twice: on all fields, to learn which are needed, and then on those alone. */
export async function openTransforms(
  { pipeline, baseDir }: LoadedPipeline,
  sourceFields: readonly Field[],
  columnsFor: (fields: readonly Field[]) => ColumnSet,
): Promise<TransformChain> {
  const onAll = await openChain(pipeline, sourceFields, baseDir);
  const leaving = onAll.at(-1)?.fields ?? sourceFields;
  let needed: ReadonlySet<string> = new Set([
    ...requestFields(dialectOf(pipeline), pipeline.request),
    ...columnsFor(leaving).carried,
  ]);
  for (const transform of onAll.toReversed()) needed = transform.needs(needed);
  const unknown = [...needed].find((name) => !sourceFields.some((field) => field.name === name));
  if (onAll.length === 0 && unknown !== undefined) {
    // The renderer names it with its place in the template and what may have been meant.
    return { transforms: [], read: [], fields: sourceFields, fingerprint: {} };
  }
  const read = sourceFields.filter((field) => needed.has(field.name));
  const chain = await openChain(pipeline, read, baseDir);
  return {
    transforms: chain,
    read: read.map((field) => field.name),
    fields: chain.at(-1)?.fields ?? read,
    fingerprint: Object.assign({}, ...chain.map((transform) => transform.fingerprint)) as ChainFingerprint,
  };
}

async function openChain(
  pipeline: Pipeline,
  sourceFields: readonly Field[],
  baseDir: string,
): Promise<readonly OpenedTransform[]> {
  const chain: OpenedTransform[] = [];
  const { encoding } = dialectOf(pipeline).facts(pipeline.request);
  let keyParts = keyNames(pipeline).length;
  for (const block of pipeline.transforms) {
    const fields = chain.at(-1)?.fields ?? sourceFields;
    const declaration = declarationOf(transforms, block);
    chain.push(await declaration.open(block, fields, { baseDir, keyParts, encoding }));
    if (declaration.keyField !== undefined) keyParts += 1;
  }
  return chain;
}

export function columnsOf(pipeline: Pipeline, fields: readonly Field[]): ColumnSet {
  return planColumns({
    configured: pipeline.sink.columns,
    request: pipeline.request,
    dimensions: dialectOf(pipeline).facts(pipeline.request).dimensions,
    sourceFields: fields,
    keyNames: itemKeyNames(pipeline),
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

/** @throws BatchlineError where some of the rows would replace a target that stands for all of them */
export function requireWholeSource(
  { pipeline, isRedirected }: LoadedPipeline,
  sink: OpenedSink,
  flags: RequestFlags,
): void {
  const flag = partialFlag(flags);
  const deletes = pipeline.sink['deleted'] === 'delete';
  if (flag === null || isRedirected || !(sink.isReplaced || deletes)) return;
  if (deletes) {
    const message = `${flag} reads some of the rows, and \`deleted: delete\` would delete all others.`;
    throw partialSource(sink, message, 'table=trial');
  }
  throw partialSource(sink, `${flag} would replace the whole target by some of its rows.`, 'path=sample.csv');
}

/** The same for a run whose batches were adopted: rows that were not sent, or whose batches are gone, are not in it. */
export function requireWholeRun(
  { isRedirected }: LoadedPipeline,
  sink: OpenedSink,
  { runId, selection }: Pick<RunRecord, 'runId' | 'selection'>,
): void {
  if (selection.isAdopted !== true || isRedirected || !sink.isReplaced) return;
  const message = `Run ${runId} is recovered and may lack rows, so it would replace the whole target by some of its rows.`;
  throw partialSource(sink, message, 'path=recovered.csv');
}

function partialSource({ target }: OpenedSink, message: string, example: string): BatchlineError {
  const hint = `Name another target for them, as in --set sink.${example}.`;
  return new BatchlineError('partial_source', message, { where: target, hint, exitCode: 2 });
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
  const overrides = offline ? unreached : isEmulator ? await startEmulatorFor(loaded, host, resources) : {};
  const provider = await declarationOf(providers, block).open(
    { ...block, ...overrides },
    { stateDir: loaded.stateDir, env: loaded.env, signal: host.signals.abort, warn: warnWith(host) },
  );
  const kept = resources.move();
  return { provider, isEmulator, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** An address and a key for a provider that is never called. */
const unreached = { base_url: 'http://127.0.0.1/v1', api_key: 'none' };

async function startEmulatorFor(loaded: LoadedPipeline, host: Host, resources: AsyncDisposableStack) {
  const { spawnEmulator } = await import('../emulator/spawn.ts');
  const emulator = resources.use(
    await spawnEmulator({ dataDir: join(loaded.stateDir, 'emulator'), signal: host.signals.abort }),
  );
  // A key that stands in the environment is a real one and no business of the emulator's.
  return { base_url: emulator.url, api_key: 'emulator' };
}

function warnWith(host: Host): (message: string) => void {
  return (message) => host.emit({ type: 'Warned', message });
}
