import type { ChunkFile } from '../../core/batch-side.ts';

/** Uploads are named `batchline-<run>-<chunk>-<sha12>.jsonl`. */
const uploadName = /^batchline-(\d{8}-\d{6}-[0-9a-f]{6})-\d+-[0-9a-f]{12}\.jsonl$/;

export function uploadNameOf({ label, sha256 }: Pick<ChunkFile, 'label' | 'sha256'>): string {
  return `batchline-${label.run}-${label.chunk}-${sha256.slice(0, 12)}.jsonl`;
}

/** The run that an upload was made for; undefined of what is none of ours. */
export function runOfUpload(name: string): string | undefined {
  return uploadName.exec(name)?.[1];
}
