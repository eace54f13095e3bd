import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { BatchLimits } from '../core/batch-side.ts';
import type { Pipeline } from '../config/pipeline.ts';

export interface FileLearning {
  tokens(configured: number | undefined): number;
  bytes(): number;
  /** Whether new files are asked line by line. */
  readonly asks: boolean;
}

/**
 * What a batch file may hold: the user's limit or the provider's, whichever is lower.
 *
 * @param learned what the provider's refusals teach while the run goes on, which the next file heeds already: the most
 *   tokens of a file, of what the user has set for it, and the most bytes
 */
export function chunkLimits(pipeline: Pipeline, provider: BatchLimits, learned?: FileLearning): ChunkLimits {
  const {
    max_requests: requests,
    max_bytes: bytes,
    max_tokens,
    max_enqueued_tokens: enqueued,
  } = pipeline.batch;
  // An embeddings line holds one input, so the provider's limit on inputs is one on lines.
  const inputs = pipeline.request.endpoint === 'embeddings' ? provider.maxEmbeddingInputs : Infinity;
  return {
    get requests() {
      const asks = pipeline.mode === 'standard' || learned?.asks === true;
      const most = asks ? Math.max(fewAsked, pipeline.standard.concurrency) : Infinity;
      return Math.min(requests ?? Infinity, provider.maxRequests, inputs, most);
    },
    get bytes() {
      return Math.min(bytes ?? Infinity, provider.maxBytes, learned?.bytes() ?? Infinity);
    },
    get tokens() {
      if (learned !== undefined) return learned.tokens(max_tokens);
      return Math.min(max_tokens ?? Math.ceil((enqueued ?? Infinity) / 2), enqueued ?? Infinity);
    },
  };
}

/**
 * Files whose lines are asked one by one are small: what was answered is loaded, and judged by the breaker, once the whole
 * file is.
 */
const fewAsked = 200;

/** The first wait between two looks at a batch, in milliseconds. The emulator has no limit on how often it is asked. */
export function pollIntervalMs(pipeline: Pipeline, isEmulator: boolean): number {
  return pipeline.batch.poll_interval ?? (isEmulator ? 1000 : 60_000);
}

/** How long to wait before a second look for a batch whose creation is in doubt, or for results that look short. */
export function settleMs(pollIntervalMs: number): number {
  return Math.max(250, Math.min(10 * pollIntervalMs, 30_000));
}
