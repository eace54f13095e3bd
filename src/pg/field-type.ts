import type { Client } from 'pg';
import type { FieldKind } from '../core/value.ts';
import type { CellType } from './cell-value.ts';

/** A type of the database: a row of pg_type. */
interface TypeRow {
  readonly oid: number;
  /** `b` base, `d` domain, `e` enum, ... */
  readonly typtype: string;
  readonly typcategory: string;
  readonly typbasetype: number;
  readonly typelem: number;
  readonly typdelim: string;
}

/** The types with a meaning of their own, by their fixed oids (catalog/pg_type.dat); all others are text. */
const kinds: ReadonlyMap<number, FieldKind> = new Map([
  [16, 'boolean'],
  [20, 'integer'],
  [21, 'integer'],
  [23, 'integer'],
  [26, 'integer'],
  [700, 'float'],
  [701, 'float'],
  [1700, 'numeric'],
  [1114, 'timestamp'],
  [1184, 'timestamp'],
  [17, 'bytes'],
  [114, 'json'],
  [3802, 'json'],
]);

/** int2vector and oidvector count as arrays, but are printed as words. */
const wordLists = new Set([22, 30]);

/** What the cells of each type mean; domains count as what they are made of, and enums as text. */
export async function learnCellTypes(
  client: Client,
  oids: readonly number[],
): Promise<ReadonlyMap<number, CellType>> {
  const rows = new Map<number, TypeRow>();
  for (let missing = [...new Set(oids)]; missing.length > 0;) {
    for (const row of await selectTypes(client, missing)) rows.set(row.oid, row);
    const referred = [...rows.values()].flatMap((row) => [row.typbasetype, row.typelem]);
    missing = [...new Set(referred)].filter((oid) => oid !== 0 && !rows.has(oid) && !missing.includes(oid));
  }
  return new Map(oids.map((oid) => [oid, cellType(oid, rows)]));
}

async function selectTypes(client: Client, oids: readonly number[]): Promise<readonly TypeRow[]> {
  const { rows } = await client.query<TypeRow>(
    `SELECT oid, typtype, typcategory, typbasetype, typelem, typdelim
       FROM pg_catalog.pg_type WHERE oid = ANY ($1)`,
    [oids],
  );
  return rows;
}

function cellType(oid: number, rows: ReadonlyMap<number, TypeRow>): CellType {
  const row = rows.get(oid);
  if (row === undefined) return { kind: 'text' };
  if (row.typtype === 'd') return cellType(row.typbasetype, rows);
  if (row.typcategory !== 'A' || row.typelem === 0 || wordLists.has(oid))
    return { kind: kinds.get(oid) ?? 'text' };
  const delimiter = rows.get(row.typelem)?.typdelim ?? ',';
  return { kind: 'array', element: cellType(row.typelem, rows), delimiter };
}
