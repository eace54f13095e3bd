import type { DuckDBListType, DuckDBStructType, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type * as duckdb from '@duckdb/node-api';
import { parseExactJson } from '../../core/exact-json.ts';
import { printValue } from '../../core/print.ts';
import type { FieldKind, Value } from '../../core/value.ts';
import type { DuckApi } from '../../duckdb/load-duckdb.ts';
import { microsText, postgresDate, postgresTime, rfc3339, shortFloat, timeText } from './value-texts.ts';

type Cell = NonNullable<DuckDBValue>;

/** What the values of a column mean, and how they are read. */
export interface ColumnType {
  readonly kind: FieldKind;
  /** The type of Postgres that holds all its values, which a created table gets. */
  readonly sqlType: string;
  value(cell: Cell): Value;
  /** A key part's text, in Postgres's notation (contract section 2); null where the type has no one text. */
  readonly keyText: ((cell: Cell) => string) | null;
}

function integers(sqlType: string): ColumnType {
  return { kind: 'integer', sqlType, value: (cell) => BigInt(cell as number), keyText: String };
}

/** Integers beyond 64 bits, which Postgres has as numeric. */
function wideIntegers(sqlType: string): ColumnType {
  return { kind: 'numeric', sqlType, value: (cell) => cell as bigint, keyText: String };
}

function texts(sqlType = 'text'): ColumnType {
  return { kind: 'text', sqlType, value: String, keyText: String };
}

const wholeNumber = /^-?\d+$/;

const plainTypes: Readonly<Record<string, ColumnType>> = {
  BOOLEAN: {
    kind: 'boolean',
    sqlType: 'boolean',
    value: (cell) => cell as boolean,
    keyText: (cell) => (cell === true ? 't' : 'f'),
  },
  TINYINT: integers('smallint'),
  SMALLINT: integers('smallint'),
  UTINYINT: integers('smallint'),
  INTEGER: integers('integer'),
  USMALLINT: integers('integer'),
  BIGINT: integers('bigint'),
  UINTEGER: integers('bigint'),
  UBIGINT: wideIntegers('numeric(20,0)'),
  HUGEINT: wideIntegers('numeric(39,0)'),
  UHUGEINT: wideIntegers('numeric(39,0)'),
  BIGNUM: wideIntegers('numeric'),
  FLOAT: floats('real', (cell) => shortFloat(cell as number)),
  DOUBLE: floats('double precision', (cell) => cell as number),
  DATE: { kind: 'text', sqlType: 'date', value: dateText, keyText: dateText },
  TIME: texts('time without time zone'),
  TIME_TZ: texts('time with time zone'),
  INTERVAL: texts('interval'),
  UUID: texts('uuid'),
  BLOB: {
    kind: 'bytes',
    sqlType: 'bytea',
    value: (cell) => bytesOf(cell).toString('base64'),
    keyText: (cell) => String.raw`\x${bytesOf(cell).toString('hex')}`,
  },
  TIMESTAMP_S: otherTimestamps('timestamp without time zone', (cell) =>
    timeText(
      cell as duckdb.DuckDBTimestampSecondsValue,
      (cell as duckdb.DuckDBTimestampSecondsValue).seconds,
    ),
  ),
  TIMESTAMP_MS: otherTimestamps('timestamp without time zone', (cell) =>
    timeText(
      cell as duckdb.DuckDBTimestampMillisecondsValue,
      (cell as duckdb.DuckDBTimestampMillisecondsValue).millis,
    ),
  ),
  // Postgres keeps microseconds: as text no digit is lost.
  TIMESTAMP_NS: otherTimestamps('text', (cell) =>
    timeText(
      cell as duckdb.DuckDBTimestampNanosecondsValue,
      (cell as duckdb.DuckDBTimestampNanosecondsValue).nanos,
    ),
  ),
};

/** Types without an entry (BIT, TIME_NS, ENUM, GEOMETRY, ...) are their text. */
export function columnType(api: DuckApi, type: DuckDBType, declared = ''): ColumnType {
  const name = api.DuckDBTypeId[type.typeId] ?? '';
  const ofElement = (element: DuckDBType): ColumnType => columnType(api, element);
  switch (name) {
    case 'VARCHAR':
      return type.alias === 'JSON' ? json : texts();
    case 'DECIMAL':
      return decimals(type as duckdb.DuckDBDecimalType);
    case 'TIMESTAMP':
      return timestamps(api, '');
    case 'TIMESTAMP_TZ':
      return timestamps(api, '+00');
    case 'LIST':
    case 'ARRAY':
      return lists(/^JSON\[\d*\]$/.test(declared) ? json : ofElement((type as DuckDBListType).valueType));
    case 'STRUCT':
      return structs((type as DuckDBStructType).entryTypes.map(ofElement));
    case 'MAP':
      return maps(
        ofElement((type as duckdb.DuckDBMapType).keyType),
        ofElement((type as duckdb.DuckDBMapType).valueType),
      );
    case 'UNION':
      return unions(type as duckdb.DuckDBUnionType, ofElement);
    default:
      return plainTypes[name] ?? texts();
  }
}

const json: ColumnType = {
  kind: 'json',
  sqlType: 'jsonb',
  value: (cell) => parseExactJson(cell as string),
  keyText: null,
};

function floats(sqlType: string, read: (cell: Cell) => number): ColumnType {
  return {
    kind: 'float',
    sqlType,
    value: read,
    keyText: (cell) => (Object.is(cell, -0) ? '-0' : String(read(cell))),
  };
}

function decimals({ width, scale }: duckdb.DuckDBDecimalType): ColumnType {
  return {
    kind: 'numeric',
    sqlType: `numeric(${width},${scale})`,
    value: (cell) => {
      const text = String(cell);
      return wholeNumber.test(text) ? BigInt(text) : text;
    },
    keyText: String,
  };
}

function dateText(cell: Cell): string {
  const date = cell as duckdb.DuckDBDateValue;
  return postgresDate(timeText(date, date.days));
}

function otherTimestamps(sqlType: string, text: (cell: Cell) => string): ColumnType {
  return {
    kind: 'timestamp',
    sqlType,
    value: (cell) => rfc3339(text(cell), ''),
    keyText: (cell) => postgresTime(text(cell), ''),
  };
}

/** In microseconds. The text of a cell itself would be in the zone of this process. @param zone what Postgres ends with */
function timestamps(api: DuckApi, zone: '' | '+00'): ColumnType {
  const text = ({ micros }: duckdb.DuckDBTimestampValue): string =>
    microsText(micros) ?? String(new api.DuckDBTimestampValue(micros));
  return {
    kind: 'timestamp',
    sqlType: `timestamp ${zone === '' ? 'without' : 'with'} time zone`,
    value: (cell) => rfc3339(text(cell as duckdb.DuckDBTimestampValue), zone),
    keyText: (cell) => postgresTime(text(cell as duckdb.DuckDBTimestampValue), zone),
  };
}

/** Lists of lists need not be rectangular, as arrays of Postgres must, so that they are JSON. */
function lists(element: ColumnType): ColumnType {
  const isFlat = element.keyText !== null || element === json;
  return {
    kind: isFlat ? 'array' : 'json',
    sqlType: isFlat ? `${element.sqlType}[]` : 'jsonb',
    value: (cell) => (cell as duckdb.DuckDBListValue).items.map((item) => optional(element, item)),
    keyText: null,
  };
}

function structs(members: readonly ColumnType[]): ColumnType {
  return {
    ...json,
    value: (cell) => {
      const entries = Object.entries((cell as duckdb.DuckDBStructValue).entries);
      return Object.fromEntries(
        entries.map(([name, item], index) => [name, optional(members[index] ?? texts(), item)]),
      );
    },
  };
}

function maps(keys: ColumnType, values: ColumnType): ColumnType {
  return {
    ...json,
    value: (cell) =>
      Object.fromEntries(
        (cell as duckdb.DuckDBMapValue).entries.map(({ key, value }) => [
          printValue(optional(keys, key)),
          optional(values, value),
        ]),
      ),
  };
}

function unions(type: duckdb.DuckDBUnionType, ofElement: (type: DuckDBType) => ColumnType): ColumnType {
  const members = new Map(
    type.memberTags.map((tag, index) => [tag, ofElement(type.memberTypes[index] as DuckDBType)]),
  );
  return {
    ...json,
    value: (cell) => {
      const { tag, value } = cell as duckdb.DuckDBUnionValue;
      return optional(members.get(tag) ?? texts(), value);
    },
  };
}

function optional(type: ColumnType, cell: DuckDBValue): Value {
  return cell === null ? null : type.value(cell);
}

function bytesOf(cell: Cell): Buffer {
  const { bytes } = cell as duckdb.DuckDBBlobValue;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
