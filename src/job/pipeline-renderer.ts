import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { BatchLimits } from '../core/batch-side.ts';
import type { Field } from '../core/value.ts';
import { FilesBelow } from '../files/files-below.ts';
import { createRenderer, type Renderer } from '../request/renderer.ts';
import { addedKeyFields, itemKeyNames } from './key-names.ts';
import { chunkLimits } from './settings.ts';

export interface RenderingNeeds {
  /** The fields that reach the renderer. */
  readonly fields: readonly Field[];
  /** Those that travel to the sink. */
  readonly carried: readonly string[];
  readonly limits: BatchLimits;
  readonly wantsHash: boolean;
}

/** What makes request lines of a pipeline's rows. */
export function pipelineRenderer(
  { pipeline, baseDir }: LoadedPipeline,
  { fields, carried, limits, wantsHash }: RenderingNeeds,
): Renderer {
  return createRenderer(
    {
      dialect: dialectOf(pipeline),
      request: pipeline.request,
      keyMode: pipeline.source.key_mode,
      maxLineBytes: chunkLimits(pipeline, limits).bytes,
      wantsHash,
      carried,
      files: new FilesBelow(baseDir),
      countsPieces: addedKeyFields(pipeline).length > 0,
      keyNames: itemKeyNames(pipeline),
    },
    fields,
  );
}
