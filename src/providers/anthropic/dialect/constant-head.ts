/** What a template prints whatever the row, up to the first thing that could differ. */
export function constantHead(template: string): string {
  const tag = /\{[{%](-?)/.exec(template);
  if (tag === null) return template;
  const head = template.slice(0, tag.index);
  // A dash takes the white space before it.
  return tag[1] === '-' ? head.trimEnd() : head;
}

export function isConstant(template: string): boolean {
  return !/\{[{%]/.test(template);
}

/**
 * Where a template can be cut into two blocks, so that the first is the same for every row; 0 where it cannot. The last
 * line of its head, or the last word where it is one line, goes with the rest: a block that renders to nothing is
 * refused.
 */
export function cutInHead(template: string): number {
  const head = constantHead(template).trimEnd();
  const line = head.lastIndexOf('\n') + 1;
  return head.slice(0, line).trim() === '' ? lastWord(head) : line;
}

function lastWord(head: string): number {
  const at = head.search(/\s\S+$/) + 1;
  return head.slice(0, at).trim() === '' ? 0 : at;
}
