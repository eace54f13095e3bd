/**
 * batchline from code. A pipeline in a few lines:
 *
 * ```ts
 * import { loadPipeline, runPipeline } from 'batchline';
 *
 * const pipeline = await loadPipeline('nightly-tags.yaml', { env: process.env });
 * const { summary, exitCode } = await runPipeline(pipeline, { limit: 20 });
 * ```
 */
import type { LoadedPipeline } from './config/load.ts';
import type { ToldListener } from './core/events.ts';
import { tellingTo } from './core/telling.ts';
import type { RunResult } from './run/finish-run.ts';
import { runPipeline as runWith, type RunFlags } from './run/run-pipeline.ts';

/** The flags of `pipeline run`, and how the caller takes part in it. */
export interface RunOptions extends RunFlags {
  /** Aborting it ends the run with the error `interrupted`; calling `runPipeline` again goes on with it. */
  readonly signal?: AbortSignal | undefined;
  /** Is told what happens, warnings included, free of the file's secrets; must not throw. Without it the run is silent. */
  readonly onEvent?: ToldListener | undefined;
}

/**
 * Runs a pipeline from its source to its sink, or goes on with the run of it that is unfinished.
 *
 * @returns the run in numbers, and exit code 1 where more rows failed than `max_failed_rows` allows
 * @throws BatchlineError, whose `exitCode` is what the command line would end with; 2 where it is undefined
 */
export async function runPipeline(pipeline: LoadedPipeline, options: RunOptions = {}): Promise<RunResult> {
  const { signal = new AbortController().signal, onEvent = () => {}, ...flags } = options;
  const emit = tellingTo(onEvent, pipeline.redactor);
  return runWith(pipeline, flags, { signals: { abort: signal, drain: signal }, emit });
}

export { loadPipeline, type LoadedPipeline, type LoadOptions } from './config/load.ts';
export { ConfigError, type Problem } from './config/problem.ts';
export { BatchlineError, type BatchlineErrorOptions } from './core/errors.ts';
export type { EventListener, PipelineEvent, ToldEvent, ToldListener } from './core/events.ts';
export type { RunResult } from './run/finish-run.ts';
export type { RunFlags } from './run/run-pipeline.ts';
export type { RunSummary } from './run/summary.ts';

// What the author of a component needs.
export { cel, liquid, secret, type ComponentDeclaration } from './core/component.ts';
export type {
  ModuleAnswer,
  ModuleContext,
  ModuleRow,
  ModuleTransform,
  ModuleValue,
} from './core/module-transform.ts';
export type {
  AnswerLeaf,
  BodyPiece,
  BodyPlan,
  Dialect,
  DialectFault,
  Endpoint,
  LeafMeanings,
  LineFailure,
  LineFrame,
  ModelFacts,
  Reply,
  RequestDraft,
  ResultParts,
  TemplateRole,
  TokenEncoding,
} from './core/dialect.ts';
export {
  defineProvider,
  type OpenedProvider,
  type ProviderContext,
  type ProviderDeclaration,
} from './core/provider.ts';
export type {
  BatchLabel,
  BatchLimits,
  BatchSide,
  BatchStatus,
  ChunkFile,
  KnownBy,
  Leftover,
  LineFault,
  Refusal,
  RemoteBatch,
  ResultPart,
} from './core/batch-side.ts';
export {
  incrementalBlock,
  type IncrementalConfig,
  type Lag,
  type ReadWindow,
  type WindowedSource,
} from './core/read-window.ts';
export { fieldIndex, type RowBatch } from './core/row-batch.ts';
export {
  defineSink,
  type ColumnPlan,
  type LoadFailure,
  type LoadMark,
  type LoadOutcome,
  type MissingKeys,
  type OpenedSink,
  type ResultBatch,
  type SinkContext,
  type SinkDeclaration,
  type SinkSample,
} from './core/sink.ts';
export {
  defineSource,
  type OpenedSource,
  type ReadOptions,
  type SourceContext,
  type SourceDeclaration,
} from './core/source.ts';
export {
  defineTransform,
  type OpenedTransform,
  type TransformContext,
  type TransformDeclaration,
  type TransformedBatch,
  type TransformFailure,
} from './core/transform.ts';
export { ValueBatch } from './core/value-batch.ts';
export type { Field, FieldKind, Value } from './core/value.ts';
export { escapeJson, escapeWire, fromWire, jsonToWire, toWire, type WireText } from './core/wire-text.ts';
