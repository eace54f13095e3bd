import type { LoadedPipeline } from '../config/load.ts';
import type { OpenedProvider } from '../core/provider.ts';
import type { OpenedSource } from '../core/source.ts';
import type { Renderer } from '../request/renderer.ts';
import type { RequestLines } from '../request/request-lines.ts';
import { itemKeyNames } from './key-names.ts';
import { followRows, requestLinesOf } from './parts.ts';
import { pipelineRenderer } from './pipeline-renderer.ts';
import { openResultColumns, type ResultColumns } from './result-columns.ts';
import type { TransformChain } from './transform-chain.ts';

/** The parts of a pipeline that make requests of rows and values of answers: all but its sink and its state. */
export interface TrialParts {
  readonly source: OpenedSource;
  readonly chain: TransformChain;
  readonly renderer: Renderer;
  readonly requestLines: RequestLines;
  readonly results: ResultColumns;
}

/** @param provider of which only the limits are asked */
export async function prepareTrial(
  loaded: LoadedPipeline,
  source: OpenedSource,
  provider: OpenedProvider,
): Promise<TrialParts> {
  const { pipeline } = loaded;
  const { chain, columns } = await followRows(loaded, source);
  const renderer = pipelineRenderer(loaded, {
    fields: chain.fields,
    carried: columns.carried,
    limits: provider.batches.limits,
    wantsHash: true,
  });
  const results = await openResultColumns(pipeline, columns, itemKeyNames(pipeline));
  return { source, chain, renderer, requestLines: requestLinesOf(pipeline), results };
}
