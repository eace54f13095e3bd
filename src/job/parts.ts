import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { OpenedSource } from '../core/source.ts';
import type { SourceSchema } from '../ledger/ledger.ts';
import type { OpenedProvider } from '../core/provider.ts';
import { createRenderer, type Renderer } from '../request/renderer.ts';
import { RequestLines } from '../request/request-lines.ts';
import { createAnswerReader, type AnswerReader } from '../results/answer-reader.ts';
import { createAnswerRepair } from '../results/answer-repair.ts';
import type { ColumnSet } from '../results/columns.ts';
import { createOutputValidator } from '../results/output-validator.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Host } from '../core/host.ts';
import {
  addedKeyFields,
  columnsOf,
  itemKeyNames,
  openProvider,
  openSink,
  openSource,
  openTransforms,
  skipsUnchanged,
  type TransformChain,
} from './open-parts.ts';
import { chunkLimits } from './settings.ts';
import { checkFiles, checkTables } from './table-rules.ts';

/** The parts of a pipeline that bring results home. */
export interface Delivery extends AsyncDisposable {
  readonly columns: ColumnSet;
  readonly sink: OpenedSink;
  readonly provider: OpenedProvider;
  readonly isEmulator: boolean;
  readonly reader: AnswerReader;
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
  await using opening = new AsyncDisposableStack();
  const source = opening.use(await openSource(loaded, host, options.where));
  const chain = await openTransforms(loaded, source.fields, (fields) => columnsOf(pipeline, fields));
  const columns = columnsOf(pipeline, chain.fields);
  const schema = { fields: chain.fields, keyFields: [...source.keyFields, ...addedKeyFields(pipeline)] };
  const sink = opening.use(await openSink(loaded, schema, columns, host));
  await checkFiles(source, sink);
  const { provider, isEmulator } = opening.use(await openProvider(loaded, host, options.offline ?? false));
  const skips = skipsUnchanged(pipeline, sink);
  checkTables(pipeline, { source, sink, skipsUnchanged: skips });
  const renderer = createRenderer(
    {
      dialect: dialectOf(pipeline),
      request: pipeline.request,
      keyMode: pipeline.source.key_mode,
      maxLineBytes: chunkLimits(pipeline, provider.limits).bytes,
      wantsHash: skips || sink.keepsHash || columns.needsHash || pipeline.request.dedupe,
      carried: columns.carried,
      countsPieces: addedKeyFields(pipeline).length > 0,
      keyNames: itemKeyNames(pipeline),
    },
    chain.fields,
  );
  const reader = await openReader(pipeline, columns);
  const opened = opening.move();
  return {
    source,
    chain,
    schema,
    columns,
    sink,
    provider,
    isEmulator,
    renderer,
    reader,
    skipsUnchanged: skips,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Opens what brings the results of an earlier run home, by the schema that it had; its source is not needed. */
export async function prepareDelivery(
  loaded: LoadedPipeline,
  schema: SourceSchema,
  host: Host,
  options: PrepareOptions = {},
): Promise<Delivery> {
  await using opening = new AsyncDisposableStack();
  const columns = columnsOf(loaded.pipeline, schema.fields);
  const sink = opening.use(await openSink(loaded, schema, columns, host));
  const { provider, isEmulator } = opening.use(await openProvider(loaded, host, options.offline ?? false));
  const reader = await openReader(loaded.pipeline, columns);
  const opened = opening.move();
  return { columns, sink, provider, isEmulator, reader, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Reads and rewrites the request lines of a pipeline's runs as they are stored. */
export function requestLinesOf(pipeline: Pipeline): RequestLines {
  return new RequestLines(dialectOf(pipeline), pipeline.request);
}

/** Understands result lines as the pipeline's request and columns need them. */
export async function openReader(pipeline: Pipeline, columns: ColumnSet): Promise<AnswerReader> {
  const { endpoint, output } = pipeline.request;
  const validate = output === undefined ? undefined : await createOutputValidator(output.schema);
  const repair = output?.repair === true ? await createAnswerRepair() : undefined;
  return createAnswerReader({
    dialect: dialectOf(pipeline),
    endpoint,
    needs: new Set([...columns.needs, 'usage' as const]),
    validate,
    repair,
  });
}
