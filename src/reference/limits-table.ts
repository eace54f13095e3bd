import type { BatchLimits } from '../core/batch-side.ts';
import { providers } from '../providers/index.ts';

const marked = /(<!-- limits: ([\w-]+) -->\n)[^]*?(<!-- \/limits -->)/g;

/**
 * A page with the tables of limits that it asks for filled in, each between `<!-- limits: NAME -->` and
 * `<!-- /limits -->`.
 *
 * @throws RangeError where a page asks for limits that nobody declares
 */
export function withLimits(page: string): string {
  return page.replaceAll(marked, (_, open: string, name: string, close: string) => {
    const limits = providers.map((provider) => provider.limits?.[name]).find((each) => each !== undefined);
    if (limits === undefined) throw new RangeError(`no provider declares the limits of ${name}`);
    return `${open}\n${limitsTable(limits)}\n\n${close}`;
  });
}

function limitsTable(limits: BatchLimits): string {
  const rows = [
    ['a batch holds at most', ''],
    ['---------------------', ''],
    ['requests', count(limits.maxRequests)],
    ['size', `${count(limits.maxBytes / 1e6)} MB`],
    ['embedding inputs', count(limits.maxEmbeddingInputs)],
    ['embedding inputs under way, over all batches', count(limits.maxEnqueuedInputs)],
    ['batches created in an hour', count(limits.maxBatchesAnHour)],
    ['batches under way', count(limits.maxBatchesUnderWay ?? Infinity)],
  ].filter(([, value]) => value !== count(Infinity));
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column]?.length ?? 0), 3);
  const line = ([name = '', value = '']: readonly string[]): string =>
    name.startsWith('---')
      ? `| ${'-'.repeat(width(0))} | ${'-'.repeat(width(1))} |`
      : `| ${name.padEnd(width(0))} | ${value.padEnd(width(1))} |`;
  return rows.map(line).join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
