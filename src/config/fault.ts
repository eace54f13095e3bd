/** The way from the top of a pipeline file to one of its values. */
export type Path = readonly PropertyKey[];

/** A position inside a text value, counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Something wrong at a path, before its place in the file has been looked up. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** What to point at: the value (default), its key, or the map that lacks it; or a place inside the text. */
  readonly at?: 'value' | 'key' | 'parent' | TextPosition;
}

/** `sink.columns.tags`, `transforms.1.max_tokens`; keys that are no plain words stand in quotes. */
export function formatPath(path: Path): string {
  return path
    .map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(String(key))))
    .join('.');
}

/** The value at a path of plain data, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => childOf(value, key), data);
}

function childOf(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<PropertyKey, unknown>)[key];
}

/** The data with one value replaced; nothing that is shared with other parts of it changes. */
export function withValue(data: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const child = withValue(childOf(data, key), rest, value);
  if (Array.isArray(data)) return data.with(Number(key), child);
  // Not a spread with a computed key: `__proto__` must stay an ordinary key.
  return Object.defineProperty({ ...(data as object) }, key, {
    value: child,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
