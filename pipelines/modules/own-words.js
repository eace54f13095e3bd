/**
 * Leaves of an email what its author wrote: no lines quoted from others, no signature. An email of nothing else is
 * dropped.
 *
 * @type {import('batchline').ModuleTransform<{ body: string | null }>}
 */
export default function ownWords({ body }) {
  const [written = ''] = (body ?? '').split(/^-- ?$/m);
  const own = written
    .split('\n')
    .filter((line) => !/^\s*[>|]/.test(line))
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  return own === '' ? null : { body: own };
}
