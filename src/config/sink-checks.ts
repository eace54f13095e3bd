import { declaredDimensions, embeddingDimensions } from '../providers/openai/dialect/dimensions.ts';
import { valueAt, type Fault } from './fault.ts';

/** What the sink's keys say about one another and about the request. */
export function checkSink(data: unknown): readonly Fault[] {
  return [...checkUpdate(data), ...checkDimensions(data)];
}

function checkUpdate(data: unknown): readonly Fault[] {
  if (valueAt(data, ['sink', 'mode']) !== 'update' || valueAt(data, ['sink', 'create']) !== true) return [];
  const message = 'makes no sense with mode: update, which fills rows that are there already';
  return [{ path: ['sink', 'create'], message, at: 'key' }];
}

function checkDimensions(data: unknown): readonly Fault[] {
  const params = valueAt(data, ['request', 'params']);
  const model = valueAt(data, ['request', 'model']);
  const expected = embeddingDimensions(model, params);
  if (expected === null) return [];
  const origin =
    valueAt(params, ['dimensions']) === undefined
      ? `the default of ${String(model)}`
      : 'request.params.dimensions';
  return typedEmbeddings(data).flatMap(([name, type]) => {
    const declared = declaredDimensions(type);
    if (declared === null || declared === expected) return [];
    const message = `takes ${declared} dimensions, and the embeddings will have ${expected} (${origin})`;
    return [{ path: ['sink', 'columns', name, 'type'], message }];
  });
}

/** The columns that take the embedding as it is, with the type that is written beside it. */
function typedEmbeddings(data: unknown): readonly (readonly [string, string])[] {
  const columns = valueAt(data, ['sink', 'columns']);
  if (typeof columns !== 'object' || columns === null) return [];
  return Object.entries(columns).flatMap(([name, column]) => {
    const value = valueAt(column, ['value']);
    const type = valueAt(column, ['type']);
    const isEmbedding = typeof value === 'string' && value.trim() === 'embedding';
    return isEmbedding && typeof type === 'string' ? [[name, type] as const] : [];
  });
}
