import type { ServerManners } from '../faults/server-manners.ts';
import { badRequest } from '../http/api-error.ts';
import type { FileObject } from '../state/file-store.ts';

/** Whether the server still reads an upload, as Azure does for a while. */
export function isPending(manners: ServerManners | null, { created_at: createdAt }: FileObject): boolean {
  return Date.now() < createdAt * 1000 + (manners?.pending_uploads ?? 0);
}

/** @throws ApiError 400 of a batch that is to be made of one */
export function refusePending(manners: ServerManners | null, file: FileObject | undefined): void {
  if (file === undefined || !isPending(manners, file)) return;
  throw badRequest(
    `The file ${file.id} is not ready yet: its status is 'pending'.`,
    'input_file_id',
    'not_ready',
  );
}
