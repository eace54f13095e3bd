import type { Client } from 'pg';
import { BatchlineError } from '../../core/errors.ts';
import { learnCellTypes } from '../../pg/field-type.ts';
import { subquery } from './select.ts';
import type { Column } from './relation.ts';

/**
 * Learns the columns of a query without running it for rows, inside the caller's transaction.
 *
 * @throws BatchlineError `duplicate_column` for two columns of one name
 */
export async function learnQuery(client: Client, query: string): Promise<readonly Column[]> {
  const { fields } = await client.query(`SELECT * FROM ${subquery(query)} LIMIT 0`);
  const names = fields.map((field) => field.name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new BatchlineError('duplicate_column', `the query has two columns named "${twice}"`, {
      hint: 'Give one of them another name with AS.',
    });
  }
  const oids = fields.map((field) => field.dataTypeID);
  const types = await learnCellTypes(client, oids);
  const { rows } = await client.query<{ sql_type: string }>(
    `SELECT pg_catalog.format_type(type, modifier) AS sql_type
       FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS t (type, modifier, place) ORDER BY place`,
    [oids, fields.map((field) => field.dataTypeModifier)],
  );
  return fields.map((field, at) => ({
    name: field.name,
    sqlType: rows[at]?.sql_type ?? 'text',
    type: types.get(field.dataTypeID) ?? { kind: 'text' },
    isNotNull: false,
  }));
}
