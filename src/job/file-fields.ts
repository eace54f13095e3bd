import { declarationOf } from '../config/blocks.ts';
import { BatchlineError } from '../core/errors.ts';
import { asList, asMap } from '../core/json.ts';
import type { RowFields } from '../core/row-fields.ts';
import type { SourceDeclaration } from '../core/source.ts';
import type { Field } from '../core/value.ts';
import { sources } from '../sources/index.ts';
import { pipelineSchema } from '../config/pipeline.ts';
import { rowFields, type RowPath } from './row-fields.ts';

/**
 * What can be known of a pipeline's rows without a network and without running anything: the names that the file itself
 * lists, else those in the head of a file that it reads. Undefined where there is neither.
 *
 * @param data of the pipeline file, whatever it holds
 */
export async function fileFields(
  data: unknown,
  baseDir: string,
  signal: AbortSignal,
): Promise<RowFields | undefined> {
  const path = rowPath(data);
  const fields = path && (await sourceFields(path, baseDir, signal));
  return path && fields && rowFields(path, fields, { baseDir, runsModules: false });
}

/** The blocks that rows pass through, where they are sound. */
function rowPath(data: unknown): RowPath | undefined {
  const { source, transforms, provider, request } = pipelineSchema.shape;
  const blocks = asMap(data) ?? {};
  const parsed = {
    source: source.safeParse(blocks['source']),
    transforms: transforms.safeParse(blocks['transforms']),
    provider: provider.safeParse(blocks['provider']),
    request: request.safeParse(blocks['request']),
  };
  if (!parsed.source.success || !parsed.transforms.success) return undefined;
  if (!parsed.provider.success || !parsed.request.success) return undefined;
  return {
    source: parsed.source.data,
    transforms: parsed.transforms.data,
    provider: parsed.provider.data,
    request: parsed.request.data,
  };
}

async function sourceFields(
  { source: block }: RowPath,
  baseDir: string,
  signal: AbortSignal,
): Promise<readonly Field[] | undefined> {
  const key = asList([block.key].flat()).map(String);
  const listed = asList(block['columns']);
  if (listed.length > 0) return [...new Set([...listed, ...key])].map((name) => textField(String(name)));
  const declaration: SourceDeclaration = declarationOf(sources, block);
  if (declaration.readsFiles !== true || block['path'] === '-') return undefined;
  try {
    const context = { key, baseDir, stateDir: baseDir, signal, warn: () => undefined };
    await using source = await declaration.open(block, context);
    return source.fields;
  } catch (error) {
    // A file may come later; what is wrong with it is for the run to say.
    if (error instanceof BatchlineError) return undefined;
    throw error;
  }
}

function textField(name: string): Field {
  return { name, kind: 'text', sqlType: 'text' };
}
