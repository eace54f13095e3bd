import { formatPath, valueAt, type Fault, type Path } from './fault.ts';

/** What a sink that stands for the whole source, and a source that reads only what changed, say of one another. */
export function checkWholeSource(data: unknown): readonly Fault[] {
  const isIncremental = valueAt(data, ['source', 'incremental']) !== undefined;
  const unchanged = valueAt(data, ['sink', 'unchanged']);
  const faults: Fault[] = [];
  const add = (path: Path, message: string) => faults.push({ path, message, at: 'key' });
  if (isIncremental && isFileSink(data)) {
    add(
      ['source', 'incremental'],
      'cannot go with a file, which is replaced by the rows of the whole source',
    );
  }
  if (isIncremental && unchanged === 'send') {
    add(
      ['sink', 'unchanged'],
      '`send` contradicts `source.incremental`, which reads some rows more than once',
    );
  }
  if (valueAt(data, ['sink', 'deleted']) === 'delete') {
    for (const [path, message] of checkDeleting(data, isIncremental, unchanged)) add(path, message);
  }
  return faults;
}

function* checkDeleting(
  data: unknown,
  isIncremental: boolean,
  unchanged: unknown,
): Generator<readonly [Path, string]> {
  const deleted = ['sink', 'deleted'];
  if (isIncremental)
    yield [deleted, '`delete` needs the whole source, which `source.incremental` does not read'];
  if (unchanged === 'skip')
    yield [['sink', 'unchanged'], 'cannot stand beside `deleted: delete`; take it out'];
  if (valueAt(data, ['sink', 'mode']) === 'update') {
    yield [deleted, "`delete` cannot go with `mode: update`, whose rows are not this pipeline's own"];
  }
  if (valueAt(data, ['source', 'path']) === '-') {
    yield [deleted, '`delete` reads the source once more at the end, which standard input does not allow'];
  }
}

/** A sink that `finish` replaces as a whole. */
function isFileSink(data: unknown): boolean {
  const type = valueAt(data, ['sink', 'type']);
  if (type === 'duckdb') return valueAt(data, ['sink', 'table']) === undefined;
  return type === 'csv' || type === 'jsonl';
}

/** Keys that some components of a kind have and others cannot have, and why. */
const misfits: ReadonlyMap<string, string> = new Map([
  ['source.incremental', 'is for sources that speak SQL; a file is always read as a whole'],
  ['sink.unchanged', 'is for sinks that are tables; a file is replaced by the rows of the whole source'],
  ['sink.deleted', 'is for tables; a file is replaced by the rows of the whole source anyway'],
]);

/** Why a component has no such key, where another of its kind has it. */
export function misfitKey(path: Path): string | undefined {
  return misfits.get(formatPath(path));
}
