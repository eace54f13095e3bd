import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStoredJson } from '../../core/exact-json.ts';
import { valueToJson } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';
import { DurableWriter } from '../../files/durable-writer.ts';
import { readLineBlocks } from '../../files/line-reader.ts';

/** A row of the pilot as it was loaded. */
export interface PilotRow {
  readonly chunk: number;
  /** Its line in the file of that number, from 0. */
  readonly line: number;
  readonly key: readonly string[];
  /** By the names of the columns. */
  readonly values: Readonly<Record<string, Value>>;
}

const prefix = 'pilot-';

/**
 * Keeps what the pilot's rows are loaded as until they are judged, so that a crash counts none twice and other
 * expectations can be asked of the same answers.
 */
export class PilotValues implements AsyncDisposable {
  readonly #writer: DurableWriter;
  #lines: string[] = [];

  private constructor(writer: DurableWriter) {
    this.#writer = writer;
  }

  /** @param place names the load, and is the same when it is repeated after a crash */
  static async create(folder: string, place: string): Promise<PilotValues> {
    return new PilotValues(await DurableWriter.create(join(folder, `${prefix}${place}.jsonl`)));
  }

  push(row: PilotRow): void {
    this.#lines.push(`${lineOf(row)}\n`);
  }

  async flush(): Promise<void> {
    const lines = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    await this.#writer.append(lines);
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.#writer.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writer[Symbol.asyncDispose]();
  }
}

export async function* readPilotValues(folder: string, signal: AbortSignal): AsyncGenerator<PilotRow> {
  for (const path of await pathsIn(folder)) {
    for await (const { buffer, count, starts, ends } of readLineBlocks(path, { signal })) {
      for (let line = 0; line < count; line += 1)
        yield rowOf(buffer.toString('utf8', starts[line], ends[line]));
    }
  }
}

export async function forgetPilotValues(folder: string): Promise<void> {
  for (const path of await pathsIn(folder)) await rm(path, { force: true });
}

async function pathsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith('.jsonl'))
    .toSorted()
    .map((name) => join(folder, name));
}

/** JSON knows one kind of number, expressions two: the names of whole ones stand beside the values. */
function lineOf({ chunk, line, key, values }: PilotRow): string {
  const whole = Object.keys(values).filter((name) => typeof values[name] === 'bigint');
  return valueToJson([chunk, line, key, values, whole]);
}

function rowOf(text: string): PilotRow {
  const [chunk, line, key, values, whole] = parseStoredJson(text) as unknown as [
    number,
    number,
    readonly string[],
    Readonly<Record<string, Value>>,
    readonly string[],
  ];
  const restored = Object.fromEntries(whole.map((name) => [name, BigInt(values[name] as bigint | number)]));
  return { chunk, line, key, values: { ...values, ...restored } };
}
