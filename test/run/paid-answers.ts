import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { asMap, type JsonMap } from '../../src/core/json.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';

/** Every response that runs of a project have had, as it was downloaded; the pipeline must keep all files. */
export async function paidAnswers(project: PipelineProject): Promise<readonly JsonMap[]> {
  const runs = project.path('.pipeline/runs');
  const names = await readdir(runs, { recursive: true });
  const files = names.filter((name) => /(?:output|errors)-\d+\.jsonl/.test(name));
  const texts = await Promise.all(files.map((name) => textOf(join(runs, name))));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => bodyOf(JSON.parse(line) as JsonMap))
    .filter((body) => body !== undefined);
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (path.endsWith('.gz')) return gunzipSync(bytes).toString();
  return (path.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes).toString();
}

/** Whatever the API calls it. */
function bodyOf(line: JsonMap): JsonMap | undefined {
  const response = asMap(line['response']);
  return asMap(response?.['body']) ?? asMap(asMap(line['result'])?.['message']) ?? response;
}
