import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { OpenedSource } from '../../src/core/source.ts';
import type { Value } from '../../src/core/value.ts';
import { fromWire } from '../../src/core/wire-text.ts';
import { csv } from '../../src/sources/csv.ts';

export type CsvInput = Partial<z.input<typeof csv.config>>;

/** A folder of CSV files for one test. */
export class CsvFolder implements AsyncDisposable {
  readonly path: string;
  readonly warnings: string[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async create(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<CsvFolder> {
    const folder = new CsvFolder(await mkdtemp(join(tmpdir(), 'batchline-csv-')));
    for (const [name, data] of Object.entries(files)) await folder.write(name, data);
    return folder;
  }

  write(name: string, data: string | Uint8Array): Promise<void> {
    return writeFile(join(this.path, name), data);
  }

  open(path: string, config: CsvInput = {}, key: readonly string[] = ['id']): Promise<OpenedSource> {
    return csv.open(csv.config.parse({ path, ...config }), {
      key,
      baseDir: this.path,
      stateDir: this.path,
      signal: new AbortController().signal,
      warn: (message) => this.warnings.push(message),
    });
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
}

/** All rows of a source; each field's printed text and JSON are compared with its value on the way. */
export async function readRows(source: OpenedSource, fields: readonly string[]): Promise<readonly ReadRow[]> {
  const rows: ReadRow[] = [];
  for await (const batch of source.read({ fields, signal: new AbortController().signal })) {
    for (let row = 0; row < batch.length; row += 1) {
      const values = fields.map((_, field) => {
        const value = batch.value(row, field);
        const printed = JSON.parse(`"${fromWire(batch.printed(row, field))}"`) as string;
        const json = String(JSON.parse(fromWire(batch.json(row, field))) as string | number);
        const text = typeof value === 'bigint' ? value.toString() : value;
        if (printed !== text || json !== text) throw new Error(`printed ${printed}, as JSON ${json}`);
        return value;
      });
      const key = batch.keyPart(row, 0);
      rows.push({
        at: batch.position(row),
        record: batch.record(row),
        key: key === null ? null : fromWire(key),
        values,
      });
    }
  }
  return rows;
}
