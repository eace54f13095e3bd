import type { RemoteFile } from '../../core/provider.ts';

type Json = Readonly<Record<string, unknown>>;

/** One page of a listing of files; undefined where the answer is no listing. */
export function filePageOf(
  answer: unknown,
): { readonly files: readonly RemoteFile[]; readonly hasMore: boolean } | undefined {
  const page = isMap(answer) ? answer : undefined;
  const list = Array.isArray(answer) ? answer : page?.['data'];
  if (!Array.isArray(list)) return undefined;
  const files = list.filter(isMap).flatMap(remoteFile);
  return { files, hasMore: page?.['has_more'] === true };
}

function remoteFile({ id, filename, created_at: createdAt }: Json): readonly RemoteFile[] {
  if (typeof id !== 'string' || id === '') return [];
  const seconds = Number(createdAt ?? Number.NaN);
  return [
    {
      id,
      name: typeof filename === 'string' ? filename : '',
      createdAt: Number.isFinite(seconds) ? seconds * 1000 : null,
    },
  ];
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
