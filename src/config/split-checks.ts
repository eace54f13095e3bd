import { valueAt, type Fault } from './fault.ts';

/** Whether records are cut into pieces, each with a number in the key. */
export function isSplit(data: unknown): boolean {
  return splits(data).length > 0;
}

/** A record is cut once, so that one number names a piece. */
export function checkSplits(data: unknown): readonly Fault[] {
  const message = 'is the second `split`; a pipeline cuts its records once';
  return splits(data)
    .slice(1)
    .map((index) => ({ path: ['transforms', index, 'type'], message }));
}

function splits(data: unknown): readonly number[] {
  const transforms = valueAt(data, ['transforms']);
  if (!Array.isArray(transforms)) return [];
  const types = transforms.map((block: unknown) => valueAt(block, ['type']));
  return types.flatMap((type, index) => (type === 'split' ? [index] : []));
}
