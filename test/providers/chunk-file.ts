import type { ChunkFile } from '../../src/core/batch-side.ts';
import { requestBlock } from '../../src/core/request-block.ts';

/** A sealed file of a run, as the engine hands it to a provider. */
export function chunkFile(given: Partial<ChunkFile> = {}): ChunkFile {
  return {
    path: '',
    bytes: 0,
    sha256: '0123456789abcdef',
    requests: 1,
    request: requestBlock.parse({ endpoint: 'chat', model: 'gpt-4o-mini', prompt: 'hi' }),
    label: { pipeline: 'tags', job: '0123456789abcdef', run: '20261123-142501-1f3a9c', chunk: 1, attempt: 1 },
    completionWindow: '24h',
    expiresAfterMs: 86_400_000,
    ...given,
  };
}
