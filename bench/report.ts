import type { Result } from './benchmark.ts';

const megabyte = 1e6;

/** The table of results, in Markdown. */
export function report(results: readonly Result[], machine: readonly string[], command: string): string {
  const lines = results.map((result) => `| ${cells(result).join(' | ')} |`);
  return [
    '# Results',
    '',
    `Taken with \`${command}\`.`,
    '',
    'Each pair was measured side by side in one run; the median counts. "Figure" is the time of batchline over the time',
    'of what it is compared with, unless it has a unit. A figure in bold misses what it should reach.',
    '',
    ...machine.map((line) => `- ${line}`),
    '',
    '| what | rows | batchline | peak memory | compared with | its time | figure | reach |',
    '|---|---:|---:|---:|---|---:|---:|---:|',
    ...lines,
    '',
  ].join('\n');
}

function cells({ what, rows, ours, baseline, figure, unit, target }: Result): readonly string[] {
  return [
    what,
    rows === 0 ? '' : rows.toLocaleString('en'),
    seconds(ours.seconds),
    ours.peakBytes === null ? '?' : `${(ours.peakBytes / megabyte).toFixed(0)} MB`,
    baseline?.what ?? '',
    baseline === null ? '' : seconds(baseline.seconds),
    `${figure > target ? '**' : ''}${withUnit(figure, unit)}${figure > target ? '**' : ''}`,
    withUnit(target, unit),
  ];
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

function withUnit(value: number, unit: Result['unit']): string {
  if (unit === 'MB') return `${value.toFixed(0)} MB`;
  return unit === 's' ? seconds(value) : value.toFixed(2);
}
