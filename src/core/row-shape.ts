import { hash } from 'node:crypto';
import type { ColumnPlan, SinkContext } from './sink.ts';

/**
 * Names what a target's rows are made of: the columns in their order, their notation and expressions. A sink that is
 * replaced as a whole writes it beside what it has gathered, since rows of two shapes must not stand in one target.
 */
export function rowShape({ key, columns }: Pick<SinkContext, 'key' | 'columns'>): string {
  return hash('sha256', JSON.stringify([key.map(parts), columns.map(parts)]));
}

function parts({ name, sqlType, isWhole, expression }: ColumnPlan) {
  return [name, sqlType, isWhole ?? false, expression ?? null];
}
