import { dialectOf } from '../config/dialect-of.ts';
import { declarationOf } from '../config/blocks.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { OpenedTransform } from '../core/transform.ts';
import type { Field } from '../core/value.ts';
import { requestFields } from '../request/renderer.ts';
import { transforms } from '../transforms/index.ts';
import { sourceKeyNames } from './key-names.ts';
import { columnsOf } from './result-columns.ts';

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
  loaded: LoadedPipeline,
  sourceFields: readonly Field[],
): Promise<TransformChain> {
  const { pipeline } = loaded;
  const onAll = await openChain(loaded, sourceFields);
  const leaving = onAll.at(-1)?.fields ?? sourceFields;
  let needed: ReadonlySet<string> = new Set([
    ...requestFields(dialectOf(pipeline), pipeline.request),
    ...columnsOf(pipeline, leaving).carried,
  ]);
  for (const transform of onAll.toReversed()) needed = transform.needs(needed);
  const unknown = [...needed].find((name) => !sourceFields.some((field) => field.name === name));
  if (onAll.length === 0 && unknown !== undefined) {
    // The renderer names it with its place in the template and what may have been meant.
    return { transforms: [], read: [], fields: sourceFields, fingerprint: {} };
  }
  const read = sourceFields.filter((field) => needed.has(field.name));
  const chain = await openChain(loaded, read);
  return {
    transforms: chain,
    read: read.map((field) => field.name),
    fields: chain.at(-1)?.fields ?? read,
    fingerprint: Object.assign({}, ...chain.map((transform) => transform.fingerprint)) as ChainFingerprint,
  };
}

async function openChain(
  { pipeline, baseDir }: LoadedPipeline,
  sourceFields: readonly Field[],
): Promise<readonly OpenedTransform[]> {
  const chain: OpenedTransform[] = [];
  const { encoding } = dialectOf(pipeline).facts(pipeline.request);
  let keyParts = sourceKeyNames(pipeline).length;
  for (const block of pipeline.transforms) {
    const fields = chain.at(-1)?.fields ?? sourceFields;
    const declaration = declarationOf(transforms, block);
    chain.push(await declaration.open(block, fields, { baseDir, keyParts, encoding }));
    if (declaration.keyField !== undefined) keyParts += 1;
  }
  return chain;
}
