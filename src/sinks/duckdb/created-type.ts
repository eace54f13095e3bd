/** Types of Postgres, by what a table of DuckDB has in their place. The first that matches counts. */
const translations: readonly (readonly [RegExp, string | ((match: RegExpExecArray) => string)])[] = [
  [/^(.+?)\[(\d*)\]$/, ([, element = '', length = '']) => `${createdType(element)}[${length}]`],
  [/^jsonb?$/i, 'JSON'],
  [/^(?:vector|halfvec|sparsevec)\((\d+)\)$/i, ([, dimensions]) => `FLOAT[${dimensions}]`],
  [/^(?:vector|halfvec|sparsevec)$/i, 'FLOAT[]'],
  // There is no decimal without a scale: DuckDB's own reading of the word rounds to three places.
  [/^(?:numeric|decimal)$/i, 'VARCHAR'],
  [
    /^(?:numeric|decimal)\((\d+)(?:,\s*(-?\d+))?\)$/i,
    ([, width, scale]) => decimal(Number(width), Number(scale ?? 0)),
  ],
  [/^(?:character varying|varchar|character|char|bpchar)(?:\(\d+\))?$/i, 'VARCHAR'],
  [/^(?:text|citext|name|"char"|bit(?: varying)?(?:\(\d+\))?)$/i, 'VARCHAR'],
  [/^timestamp(?:\(\d\))? with time zone$/i, 'TIMESTAMP WITH TIME ZONE'],
  [/^timestamp(?:\(\d\))? without time zone$/i, 'TIMESTAMP'],
  [
    /^time(?:\(\d\))? (with|without) time zone$/i,
    ([, zone = '']) => (/out/i.test(zone) ? 'TIME' : 'TIME WITH TIME ZONE'),
  ],
  [/^interval\b.*$/i, 'INTERVAL'],
];

const widestDecimal = 38;

function decimal(width: number, scale: number): string {
  if (width <= widestDecimal && scale >= 0 && scale <= width) return `DECIMAL(${width},${scale})`;
  return scale === 0 && width === widestDecimal + 1 ? 'HUGEINT' : 'VARCHAR';
}

/** The type of DuckDB that holds all values of one that a source or a pipeline names; DuckDB's own stay as they are. */
export function createdType(sqlType: string): string {
  const text = sqlType.trim();
  for (const [pattern, translation] of translations) {
    const match = pattern.exec(text);
    if (match !== null) return typeof translation === 'string' ? translation : translation(match);
  }
  return text;
}

/** The same for a Parquet file, which has no integers beyond 64 bits: DuckDB would write them as doubles. */
export function parquetType(sqlType: string): string {
  const type = createdType(sqlType);
  return type.replace(/^U?HUGEINT(?=$|\[)/i, 'DECIMAL(38,0)');
}
