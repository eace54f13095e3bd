/** What providers add to a model's name to say which one exactly, or leave to themselves: a date, `latest`, `0`. */
const version = /[-@](?:latest|0|\d{3,8}|\d{4}-\d{2}-\d{2})$/;

/**
 * Whether an answer that names a model may come from the one that was asked for: by the same name, or by that of the
 * version which an alias stands for. Gateways put the provider before it.
 */
export function isNamedAs(asked: string, named: string | null): boolean {
  if (named === null) return false;
  const [ours, theirs] = [lastOf(asked), lastOf(named)];
  if (ours === theirs) return true;
  const alias = ours.replace(/[-@](?:latest|0)$/, '');
  const isAlias = alias !== ours || !version.test(ours);
  return isAlias && theirs.replace(version, '') === alias;
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase();
}
