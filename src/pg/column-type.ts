/** The types that values are converted for; every other type takes what its text input reads. */
export type TypeKind =
  | 'int2'
  | 'int4'
  | 'int8'
  | 'numeric'
  | 'float4'
  | 'float8'
  | 'boolean'
  | 'text'
  | 'json'
  | 'jsonb'
  | 'uuid'
  | 'bytea'
  | 'timestamp'
  | 'date'
  | 'enum'
  | 'vector'
  | 'halfvec'
  | 'sparsevec'
  | 'array'
  | 'other';

/** A column's type with domains resolved: what is needed to write its values and to refuse bad ones beforehand. */
export interface ColumnType {
  /** As declared, for messages: `character varying(20)`. */
  readonly declared: string;
  /** The base type, qualified and without length or precision: a cast to it cuts nothing off. */
  readonly castName: string;
  readonly kind: TypeKind;
  /** Of an array: the kind of its elements. */
  readonly element: TypeKind | null;
  /** Of an array: what stands between elements where it is no comma, as in `box[]`. */
  readonly delimiter?: string;
  /** Of varchar(n) and char(n) the number of characters, of vector(n) and its kin the dimensions. */
  readonly limit: number | null;
  readonly labels: ReadonlySet<string> | null;
}

/** A base type as the catalog describes it. */
export interface CatalogType {
  readonly declared: string;
  readonly castName: string;
  readonly oid: number;
  readonly name: string;
  readonly typmod: number;
  /** 0 where it is not an array. */
  readonly elementOid: number;
  readonly elementName: string | null;
  readonly delimiter: string | null;
  readonly labels: readonly string[] | null;
}

/** Types of the catalog itself, whose object ids never change. */
const builtIn: ReadonlyMap<number, TypeKind> = new Map([
  [16, 'boolean'],
  [17, 'bytea'],
  [20, 'int8'],
  [21, 'int2'],
  [23, 'int4'],
  [25, 'text'],
  [114, 'json'],
  [700, 'float4'],
  [701, 'float8'],
  [1042, 'text'],
  [1043, 'text'],
  [1082, 'date'],
  [1114, 'timestamp'],
  [1184, 'timestamp'],
  [1700, 'numeric'],
  [2950, 'uuid'],
  [3802, 'jsonb'],
]);

/** pgvector's types, and the extension of case-insensitive text, known by name. */
const byName: ReadonlyMap<string, TypeKind> = new Map([
  ['vector', 'vector'],
  ['halfvec', 'halfvec'],
  ['sparsevec', 'sparsevec'],
  ['citext', 'text'],
]);

const firstUserOid = 16_384;
/** The catalog counts the length word into the length of varchar and char. */
const lengthWord = 4;

export function columnType(type: CatalogType): ColumnType {
  const kind = kindOf(type);
  return {
    declared: type.declared,
    castName: type.castName,
    kind,
    element: kind === 'array' ? scalarKind(type.elementOid, type.elementName ?? '') : null,
    ...(kind === 'array' && type.delimiter !== null && { delimiter: type.delimiter }),
    limit: limitOf(kind, type),
    labels: kind === 'enum' ? new Set(type.labels) : null,
  };
}

function kindOf(type: CatalogType): TypeKind {
  if (type.elementOid !== 0) return 'array';
  return type.labels === null ? scalarKind(type.oid, type.name) : 'enum';
}

function scalarKind(oid: number, name: string): TypeKind {
  return builtIn.get(oid) ?? (oid >= firstUserOid ? byName.get(name) : undefined) ?? 'other';
}

export function isPgvector(kind: TypeKind): boolean {
  return kind === 'vector' || kind === 'halfvec' || kind === 'sparsevec';
}

function limitOf(kind: TypeKind, { typmod }: CatalogType): number | null {
  if (typmod < 0) return null;
  if (isPgvector(kind)) return typmod;
  return kind === 'text' ? typmod - lengthWord : null;
}
