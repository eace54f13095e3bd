import type { ModuleContext, ModuleRow, ModuleValue } from '../../core/module-transform.ts';
import type { RowBatch } from '../../core/row-batch.ts';
import type { Value } from '../../core/value.ts';

/** A field that a module is given, and where it stands in the batch. */
export interface GivenField {
  readonly name: string;
  readonly index: number;
}

/** A row as a module sees it: frozen to the bottom, since the batch may hold the very same lists and maps. */
export function moduleRow(batch: RowBatch, row: number, given: readonly GivenField[]): ModuleRow {
  // Unlike assignment, fromEntries takes a field named `__proto__` for a field.
  return Object.freeze(
    Object.fromEntries(given.map(({ name, index }) => [name, moduleValue(batch.value(row, index))])),
  );
}

export function moduleContext(batch: RowBatch, row: number, signal: AbortSignal): ModuleContext {
  return {
    get position() {
      return batch.position(row);
    },
    signal,
  };
}

function moduleValue(value: Value): ModuleValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === 'object' && value !== null) freezeAll(value);
  return value as ModuleValue;
}

function freezeAll(value: object): void {
  if (Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) freezeAll(member);
  }
}
