/** Files that are parsed in a thread of their own. */
export const records = 12_000;

export function large(body: (id: number) => string): string {
  const pad = 'x'.repeat(400);
  return `id,pad,body\n${Array.from({ length: records }, (_, id) => `"k""${id}",${pad},${body(id)}\n`).join('')}`;
}
