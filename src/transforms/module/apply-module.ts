import { untilAborted } from '../../core/async.ts';
import { BatchlineError, errorMessage } from '../../core/errors.ts';
import { fieldIndex, type RowBatch } from '../../core/row-batch.ts';
import { transformFailure, type TransformedBatch, type TransformFailure } from '../../core/transform.ts';
import type { Field, Value } from '../../core/value.ts';
import { DerivedBatch, keepRows, type DerivedColumn } from '../../core/derived-batch.ts';
import type { LoadedModule } from './load-module.ts';
import { moduleContext, moduleRow, type GivenField } from './module-row.ts';
import { readAnswer, type MadeField } from './read-answer.ts';

export interface ModulePlan {
  readonly loaded: LoadedModule;
  /** Names of the fields that it is given. */
  readonly given: readonly string[];
  /** The fields that it makes or replaces. */
  readonly made: readonly MadeField[];
  /** The fields that leave the transform: those of the batch first. */
  readonly fields: readonly Field[];
}

/** A row's new values in the order of the fields made; null where the row is dropped. */
type RowAnswer = readonly (Value | undefined)[] | null;

/** Calls the module for each row of a batch, one after another. */
export async function applyModule(
  batch: RowBatch,
  plan: ModulePlan,
  signal: AbortSignal,
): Promise<TransformedBatch> {
  const given = plan.given.map((name) => ({ name, index: fieldIndex(batch.fields, name) }));
  const kept: number[] = [];
  const answers: (readonly (Value | undefined)[])[] = [];
  const failures: TransformFailure[] = [];
  for (let row = 0; row < batch.length; row += 1) {
    try {
      const answer = answerFor(batch, row, given, plan, signal);
      // Waiting for each row, also where there is nothing to wait for, would cost more than most modules do.
      const values = answer instanceof Promise ? await answer : answer;
      if (values === null) continue;
      kept.push(row);
      answers.push(values);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(
        error instanceof BatchlineError
          ? transformFailure(batch, row, error)
          : { row, code: 'module_failed', message: failureMessage(batch, row, plan, error) },
      );
    }
  }
  const left = new DerivedBatch(keepRows(batch, kept), plan.fields, columnsOf(batch, plan, answers));
  return { batch: left, filtered: batch.length - kept.length - failures.length, failures };
}

function answerFor(
  batch: RowBatch,
  index: number,
  given: readonly GivenField[],
  { loaded, made }: ModulePlan,
  signal: AbortSignal,
): RowAnswer | Promise<RowAnswer> {
  const row = moduleRow(batch, index, given);
  const returned = loaded.transform(row, moduleContext(batch, index, signal));
  if (!isPromiseLike(returned)) return readAnswer(returned, row, made);
  return untilAborted(Promise.resolve(returned), signal).then((answer) => readAnswer(answer, row, made));
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function failureMessage(batch: RowBatch, row: number, { loaded }: ModulePlan, error: unknown): string {
  return `${batch.position(row)}: the module failed: ${errorMessage(error)}${loaded.placeOf(error)}`;
}

/** A field that the module left out of its answer is the row's own, or null where the row has none. */
function columnsOf(
  batch: RowBatch,
  { fields, made }: ModulePlan,
  answers: readonly (readonly (Value | undefined)[])[],
): readonly DerivedColumn[] {
  return fields.map(({ name }) => {
    const from = fieldIndex(batch.fields, name);
    const part = made.findIndex((field) => field.name === name);
    if (part === -1) return { from, values: null };
    return { from, values: answers.map((values) => (from === -1 ? (values[part] ?? null) : values[part])) };
  });
}
