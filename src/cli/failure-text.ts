import type { FailureStage, LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { failureGroups, type FailureGroup } from '../run/failure-groups.ts';
import { counted, visible } from './render/words.ts';

const mostGroups = 5;
const longestMessage = 120;

/** Why rows of a run failed, grouped, and which command mends it; empty where none did. */
export async function failureText(
  ledger: LedgerReader,
  { runId, path }: Pick<RunRecord, 'runId' | 'path'>,
  stateDir: string,
): Promise<string> {
  const groups = await failureGroups(ledger, runId);
  if (groups.length === 0) return '';
  const shown = groups.slice(0, mostGroups).map(groupLine);
  const rest = groups.slice(mostGroups).reduce((sum, { rows }) => sum + rows, 0);
  const more = rest === 0 ? [] : [`  ${counted(rest, 'row')} of other kinds`];
  const stages = new Set(groups.map(({ stage }) => stage));
  const place = `${runId} --state ${stateDir}`;
  const lines = ['why rows failed', ...shown, ...more, 'what mends it'];
  for (const [stage, mend] of mends) if (stages.has(stage)) lines.push(`  ${stage}: ${mend(place, path)}`);
  lines.push(`each row with its reason: pipeline errors ${place}`);
  return lines.join('\n');
}

function groupLine({ stage, code, rows, example }: FailureGroup): string {
  const message = visible(example.message);
  const short = message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message;
  return `  ${counted(rows, 'row')}  ${stage}  ${code}  ${short}`;
}

/** In the order of the way of a row. */
const mends: readonly (readonly [FailureStage, (place: string, path: string) => string])[] = [
  [
    'render',
    (_place, path) => `correct the rows or the template, then pipeline run ${path}; nothing was paid`,
  ],
  ['request', (place) => `pipeline retry ${place} sends them again, which is paid`],
  [
    'answer',
    (place) => `edit the request and run it, or pipeline retry ${place} asks again as it was; both are paid`,
  ],
  [
    'load',
    (place) =>
      `correct the sink or its target, then pipeline retry ${place}; the answers are kept, so it is free`,
  ],
];
