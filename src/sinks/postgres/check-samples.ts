import type { ClientBase } from 'pg';
import { type BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';
import type { ColumnPlan, ColumnSamples, SinkContext } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { CopyBuffer } from '../../pg/copy-buffer.ts';
import type { CopyColumn, CopyRows } from '../../pg/copy-column.ts';
import { encodeText } from '../../pg/copy-text-encoder.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { copyIn } from './copy-in.ts';
import type { LoadPlan } from './load-plan.ts';
import { stage, staged, stageStatements } from './load-statements.ts';
import { isRowFault } from './row-fault.ts';
import { fault } from './target-checks.ts';
import type { Target } from './target.ts';
import { shownValue } from '../shown-value.ts';

interface Sampled {
  readonly plan: ColumnPlan;
  readonly column: CopyColumn;
  readonly samples: ColumnSamples;
}

/**
 * Finds columns that cannot hold what the answers will bring, by staging such values as a load does: what the server
 * refuses now it would refuse after the answers were paid for. In an open transaction.
 *
 * @throws BatchlineError `column_type_mismatch`, `column_not_null` or `check_excludes_value`
 */
export async function checkSamples(
  client: ClientBase,
  { columns }: SinkContext,
  target: Target,
  plan: LoadPlan,
): Promise<void> {
  const sampled = columns.flatMap((each) => {
    const column = plan.columns.slice(plan.keyCount).find(({ name }) => name === each.name);
    if (each.samples === undefined || column === undefined) return [];
    if (each.samples.mayBeNull && column.required) throw nullNotTaken(target, each, column);
    if (each.samples.values.length === 0) return [];
    return [{ plan: each, column, samples: each.samples }];
  });
  if (sampled.length === 0) return;
  const trial = new Trial(client, plan);
  if ((await trial.refusal(sampled)) !== null)
    for (const each of sampled) await checkOne(trial, target, each);
  // What a trigger changes is not what a constraint sees.
  if (plan.mode === 'update' ? target.hasBeforeUpdateTrigger : target.hasBeforeTrigger) return;
  for (const each of sampled) if (each.samples.isEvery) await checkConstraints(client, trial, target, each);
}

function nullNotTaken(
  target: Target,
  { name, expression }: ColumnPlan,
  { type }: CopyColumn,
): BatchlineError {
  return fault(
    'column_not_null',
    target,
    `takes no null in column "${name}" of type ${type.declared}, and the schema lets \`${expression ?? name}\` be null`,
    `Take null out of the schema, let the column take it (ALTER TABLE ${quoteTable(target.name)} ALTER COLUMN ${quoteIdentifier(name)} DROP NOT NULL), or give another value in the expression.`,
  );
}

async function checkOne(trial: Trial, target: Target, { plan, column, samples }: Sampled): Promise<void> {
  for (const value of samples.values) {
    const refusal = await trial.refusal([{ plan, column, samples: { ...samples, values: [value] } }]);
    // Which texts a domain's check or an enum takes is more than an ordinary one can tell.
    if (refusal === null || (!samples.isEvery && (refusal.isCheck || column.type.labels !== null))) continue;
    throw fault(
      'column_type_mismatch',
      target,
      `has column "${plan.name}" of type ${column.type.declared}, and \`${plan.expression ?? plan.name}\` brings values such as ${shownValue(value)}: ${refusal.reason}`,
      `Change the column's type (a created table would give it ${plan.sqlType}), what the schema allows there, or the expression.`,
    );
  }
}

interface Refusal {
  readonly reason: string;
  /** Whether a constraint, and not the type, is against it. */
  readonly isCheck: boolean;
}

/** Stages values of some columns and takes them out again. */
class Trial {
  readonly #client: ClientBase;
  readonly #plan: LoadPlan;

  constructor(client: ClientBase, plan: LoadPlan) {
    this.#client = client;
    this.#plan = plan;
  }

  async refusal(sampled: readonly Sampled[]): Promise<Refusal | null> {
    return this.during(sampled, () => Promise.resolve(null));
  }

  /** @returns what `look` finds while the values are staged, or why they cannot be */
  async during(sampled: readonly Sampled[], look: () => Promise<Refusal | null>): Promise<Refusal | null> {
    const columns = sampled.map(({ column }) => column);
    const length = Math.max(...sampled.map(({ samples }) => samples.values.length));
    const values = sampled.map(({ samples }) => repeated(samples.values, length));
    const { cleaner } = this.#plan;
    const rows: CopyRows = { length, columns, values, cleaner, without: new Set() };
    const buffer = new CopyBuffer();
    const [refused] = encodeText(rows, buffer).refused;
    if (refused !== undefined) return { reason: refused.message, isCheck: false };
    const plan: LoadPlan = { ...this.#plan, mode: 'insert', columns, keyCount: 0, writesHash: false };
    await this.#client.query('SAVEPOINT samples');
    try {
      await copyIn(this.#client, stageStatements(plan, 'typed').join('; '), buffer);
      return await look();
    } catch (error) {
      if (!isRowFault(error)) throw error;
      return { reason: errorMessage(error), isCheck: isCheck(error) };
    } finally {
      await this.#client.query('ROLLBACK TO SAVEPOINT samples');
    }
  }
}

function isCheck(error: unknown): boolean {
  return errorCode(error) === '23514';
}

/** Each row gets a value of each column, none of them null. */
function repeated(values: readonly Value[], length: number): readonly Value[] {
  return Array.from({ length }, (_, index) => values[index % values.length] ?? null);
}

/** Values that a CHECK constraint on this column alone excludes; one that looks at others too is not judged. */
async function checkConstraints(
  client: ClientBase,
  trial: Trial,
  target: Target,
  sampled: Sampled,
): Promise<void> {
  const { name } = sampled.plan;
  const { rows } = await client.query<{ readonly name: string; readonly expression: string }>(
    `SELECT c.conname::text AS name, pg_catalog.pg_get_expr(c.conbin, c.conrelid) AS expression
     FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
     WHERE c.conrelid = $1 AND c.contype = 'c' AND a.attname = $2::text ORDER BY c.conname`,
    [target.oid, name],
  );
  for (const { name: constraint, expression } of rows) {
    const excluded = await trial.during([sampled], async () => {
      const value = await excludedBy(client, target, name, expression);
      return value === undefined ? null : { reason: value, isCheck: true };
    });
    if (excluded === null) continue;
    throw fault(
      'check_excludes_value',
      target,
      `excludes ${shownValue(excluded.reason)} in column "${name}" by its constraint ${constraint}, and the answers may bring it`,
      `Take it out of the schema, or let the constraint take it: ALTER TABLE ${quoteTable(target.name)} DROP CONSTRAINT ${quoteIdentifier(constraint)}, and add it anew.`,
    );
  }
}

/** The first staged value that a constraint's expression says no to; of one that cannot be tried nothing is said. */
async function excludedBy(
  client: ClientBase,
  target: Target,
  name: string,
  expression: string,
): Promise<string | undefined> {
  const column = quoteIdentifier(name);
  const values = `(SELECT ${staged(0)} AS ${column} FROM ${stage}) AS ${quoteIdentifier(target.name.table)}`;
  try {
    const { rows } = await client.query<{ readonly value: string }>(
      `SELECT ${column}::text AS value FROM ${values} WHERE NOT (${expression}) LIMIT 1`,
    );
    return rows[0]?.value;
  } catch (error) {
    if (isRowFault(error) || errorCode(error)?.startsWith('42') === true) return undefined;
    throw error;
  }
}
