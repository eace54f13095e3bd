import type { KeyOrder } from '../../pg/key-order.ts';
import type { LoadPlan } from './load-plan.ts';
import type { KeyColumns } from './loaded-keys.ts';

type Test = (text: string) => boolean;

const wholeNumber: Test = (text) => /^(?:0|-?[1-9]\d*)$/.test(text);
const uuid: Test = (text) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);

/**
 * Tells, of the types whose printing is known, whether keys all print as they are written. Two of those are never equal
 * unless they are the same text; of every other key the target is asked.
 *
 * @returns null where the key has another type: then the target is asked about all
 */
export function usualKeys(plan: LoadPlan): ((keys: KeyColumns) => boolean) | null {
  const tests = plan.columns
    .slice(0, plan.keyCount)
    .map((column, part) => testOf(column, plan.keyOrder?.[part]));
  if (!tests.every((test) => test !== null)) return null;
  return (keys) => tests.every((test, part) => keys[part]?.every(test) === true);
}

function testOf({ type, convert }: LoadPlan['columns'][number], order: KeyOrder | undefined): Test | null {
  if (order === undefined || order.operators['='].schema !== 'pg_catalog') return null;
  if (type.kind === 'int2' || type.kind === 'int4' || type.kind === 'int8') return wholeNumber;
  if (type.kind === 'uuid') return uuid;
  const isPlainText = type.castName === 'text' || type.castName === 'character varying';
  if (!isPlainText || type.limit !== null || !order.isDeterministic) return null;
  // But where something in it is replaced.
  return (text) => !text.includes('\uFFFD') && convert(text) === text;
}
