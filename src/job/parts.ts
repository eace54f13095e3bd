import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Host } from '../core/host.ts';
import { needOf, type OpenedProvider } from '../core/provider.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { OpenedSource } from '../core/source.ts';
import { openPriceList } from '../cost/open-prices.ts';
import type { PriceList } from '../cost/prices.ts';
import type { SourceSchema } from '../ledger/ledger.ts';
import type { Renderer } from '../request/renderer.ts';
import { RequestLines } from '../request/request-lines.ts';
import { askProvider } from './ask-provider.ts';
import { addedKeyFields, itemKeyNames } from './key-names.ts';
import { openProvider, openSink, openSource, skipsUnchanged } from './open-parts.ts';
import { pipelineRenderer } from './pipeline-renderer.ts';
import { columnsOf, openResultColumns, type ResultColumns } from './result-columns.ts';
import { checkFiles, checkTables } from './table-rules.ts';
import { checkFieldNames } from './row-fields.ts';
import { openTransforms, type TransformChain } from './transform-chain.ts';

/** The parts of a pipeline that load what was answered. */
export interface LoadParts extends AsyncDisposable {
  readonly sink: OpenedSink;
  readonly results: ResultColumns;
  readonly prices: PriceList;
  /** Reads and rewrites the requests of the pipeline's runs as they are stored. */
  readonly requestLines: RequestLines;
  /** Finds out whether the whole way will work, changing nothing: the sink, and the provider's key where it is called. */
  readonly rehearse: () => Promise<void>;
}

/** The parts that bring results home. */
export interface Delivery extends LoadParts {
  readonly provider: OpenedProvider;
  readonly isEmulator: boolean;
}

/** A pipeline whose every part has been opened and found to fit the others. Nothing has been sent or changed. */
export interface Prepared extends Delivery {
  readonly source: OpenedSource;
  readonly chain: TransformChain;
  readonly schema: SourceSchema;
  readonly renderer: Renderer;
  readonly skipsUnchanged: boolean;
}

export interface PrepareOptions {
  readonly where?: string | undefined;
  /** Whether the provider will not be reached, so that neither key nor server is needed. */
  readonly offline?: boolean;
}

/**
 * Opens a pipeline's parts in data's order, so that the first fault a user reads is the first one on the way.
 *
 * @throws BatchlineError for everything that can be known before the first upload, save what the rehearsal finds
 */
export async function preparePipeline(
  loaded: LoadedPipeline,
  host: Host,
  options: PrepareOptions = {},
): Promise<Prepared> {
  const { pipeline } = loaded;
  const { offline = false } = options;
  await using opening = new AsyncDisposableStack();
  const source = opening.use(await openSource(loaded, host, options.where));
  const { chain, columns, schema } = await followRows(loaded, source);
  const sink = opening.use(await openSink(loaded, schema, columns, host));
  await checkFiles(source, sink);
  const { provider, isEmulator } = opening.use(await openProvider(loaded, host, offline));
  const skips = skipsUnchanged(pipeline, sink);
  checkTables(pipeline, { source, sink, skipsUnchanged: skips });
  const renderer = pipelineRenderer(loaded, {
    fields: chain.fields,
    carried: columns.carried,
    limits: provider.batches.limits,
    wantsHash: skips || sink.keepsHash || columns.needsHash || pipeline.request.dedupe,
  });
  const results = await openResultColumns(pipeline, columns, itemKeyNames(pipeline));
  const opened = opening.move();
  return {
    source,
    chain,
    schema,
    sink,
    provider,
    isEmulator,
    renderer,
    results,
    prices: await openPriceList(pipeline),
    requestLines: requestLinesOf(pipeline),
    skipsUnchanged: skips,
    rehearse: () => rehearse(sink, offline ? null : provider, pipeline, host),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What the rows of a source become on their way to the sink. @throws BatchlineError where a name does not fit */
export async function followRows(loaded: LoadedPipeline, source: OpenedSource) {
  const { pipeline } = loaded;
  await checkFieldNames(loaded, source.fields);
  const chain = await openTransforms(loaded, source.fields);
  const columns = columnsOf(pipeline, chain.fields);
  const schema = { fields: chain.fields, keyFields: [...source.keyFields, ...addedKeyFields(pipeline)] };
  return { chain, columns, schema };
}

/** Opens what loads answers that are at hand, by the schema of their run; neither source nor provider is needed. */
export async function prepareLoading(
  loaded: LoadedPipeline,
  schema: SourceSchema,
  host: Host,
): Promise<LoadParts> {
  const { pipeline } = loaded;
  await using opening = new AsyncDisposableStack();
  const columns = columnsOf(pipeline, schema.fields);
  // What was paid for is loaded as far as it can be: nothing of it is refused beforehand.
  const plans = columns.plans.map((plan) => ({ ...plan, samples: undefined }));
  const sink = opening.use(await openSink(loaded, schema, { ...columns, plans }, host));
  const results = await openResultColumns(pipeline, columns, itemKeyNames(pipeline));
  const opened = opening.move();
  return {
    sink,
    results,
    prices: await openPriceList(pipeline),
    requestLines: requestLinesOf(pipeline),
    rehearse: () => sink.rehearse(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Opens what brings the results of an earlier run home; its source is not needed. */
export async function prepareDelivery(
  loaded: LoadedPipeline,
  schema: SourceSchema,
  host: Host,
): Promise<Delivery> {
  await using opening = new AsyncDisposableStack();
  const { sink, results, prices, requestLines } = opening.use(await prepareLoading(loaded, schema, host));
  const { provider, isEmulator } = opening.use(await openProvider(loaded, host, false));
  const opened = opening.move();
  return {
    sink,
    results,
    prices,
    requestLines,
    provider,
    isEmulator,
    rehearse: () => rehearse(sink, provider, loaded.pipeline, host),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export function requestLinesOf(pipeline: Pipeline): RequestLines {
  return new RequestLines(dialectOf(pipeline), pipeline.request);
}

async function rehearse(
  sink: OpenedSink,
  provider: OpenedProvider | null,
  { mode }: Pipeline,
  host: Host,
): Promise<void> {
  await sink.rehearse();
  if (provider === null) return;
  const need = needOf(mode);
  await askProvider(host, 'check of the provider', () => provider.check(host.signals.drain, need));
}
