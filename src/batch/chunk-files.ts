import { join } from 'node:path';

/** The files of a chunk, in the run's folder. */
export interface ChunkFiles {
  /** The batch file exactly as it is uploaded. */
  readonly requests: string;
  /** A line an item: its custom_id, key, carried fields and hash. */
  readonly rows: string;
  readonly output: string;
  readonly errors: string;
}

export function chunkFiles(folder: string, chunk: number): ChunkFiles {
  const path = (name: string) => join(folder, `${name}-${String(chunk).padStart(5, '0')}.jsonl`);
  return { requests: path('requests'), rows: path('rows'), output: path('output'), errors: path('errors') };
}
