import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenedSource, SourceContext } from '../../src/core/source.ts';
import type { Value } from '../../src/core/value.ts';
import { fromWire } from '../../src/core/wire-text.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder of files for one test. */
export class SourceFolder implements AsyncDisposable {
  readonly path: string;
  readonly warnings: string[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async create(files: Files = {}): Promise<SourceFolder> {
    const folder = new SourceFolder(await mkdtemp(join(tmpdir(), 'batchline-source-')));
    for (const [name, data] of Object.entries(files)) await folder.write(name, data);
    return folder;
  }

  write(name: string, data: string | Uint8Array): Promise<void> {
    return writeFile(join(this.path, name), data);
  }

  context(key: readonly string[]): SourceContext {
    return {
      key,
      baseDir: this.path,
      stateDir: this.path,
      signal: new AbortController().signal,
      warn: (message) => this.warnings.push(message),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export interface ReadRow {
  readonly at: string;
  readonly record: number;
  readonly key: string | null;
  readonly values: readonly Value[];
  /** The fields as a template prints them. */
  readonly printed: readonly string[];
  /** The fields as JSON text. */
  readonly json: readonly string[];
}

/** All rows of a source. */
export async function readRows(source: OpenedSource, fields: readonly string[]): Promise<readonly ReadRow[]> {
  const rows: ReadRow[] = [];
  for await (const batch of source.read({ fields, signal: new AbortController().signal })) {
    for (let row = 0; row < batch.length; row += 1) {
      const key = batch.keyPart(row, 0);
      rows.push({
        at: batch.position(row),
        record: batch.record(row),
        key: key === null ? null : fromWire(key),
        values: fields.map((_, field) => batch.value(row, field)),
        printed: fields.map((_, field) => JSON.parse(`"${fromWire(batch.printed(row, field))}"`) as string),
        json: fields.map((_, field) => fromWire(batch.json(row, field))),
      });
    }
  }
  return rows;
}
