import type { FailureStage, LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { failureGroups, type FailureGroup } from '../run/failure-groups.ts';
import { counted, visible } from './render/words.ts';

const mostGroups = 5;
const longestMessage = 120;

/** Why rows of a run failed, grouped, and which command mends it; empty where none did. */
export async function failureText(ledger: LedgerReader, runId: string, stateDir: string): Promise<string> {
  const run = await ledger.run(runId);
  const groups = await failureGroups(ledger, runId);
  if (run === null || groups.length === 0) return '';
  const { path } = run;
  const shown = groups.slice(0, mostGroups).map(groupLine);
  const rest = groups.slice(mostGroups).reduce((sum, { rows }) => sum + rows, 0);
  const more = rest === 0 ? [] : [`  ${counted(rest, 'row')} of other kinds`];
  const stages = new Set(groups.map(({ stage }) => stage));
  const place = `${runId} --state ${stateDir}`;
  const lines = ['why rows failed', ...shown, ...more, 'what mends it'];
  const mends = mendsOf(run)({ runId, place, path });
  for (const stage of inOrder) if (stages.has(stage)) lines.push(`  ${stage}: ${mends[stage]}`);
  lines.push(`each row with its reason: pipeline errors ${place}`);
  return lines.join('\n');
}

function groupLine({ stage, code, rows, example }: FailureGroup): string {
  const message = visible(example.message);
  const short = message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message;
  return `  ${counted(rows, 'row')}  ${stage}  ${code}  ${short}`;
}

/** In the order of the way of a row. */
const inOrder: readonly FailureStage[] = ['render', 'request', 'answer', 'load'];

interface Place {
  readonly runId: string;
  /** The run and its state folder, as a command takes them. */
  readonly place: string;
  readonly path: string;
}

type Mends = (where: Place) => Readonly<Record<FailureStage, string>>;

function mendsOf({ kind, status }: RunRecord): Mends {
  if (kind === 'build') return ofBuild;
  return status === 'cancelled' ? ofCancelled : ofRun;
}

const ofRun: Mends = ({ place, path }) => ({
  render: `correct the rows or the template, then pipeline run ${path}; nothing was paid`,
  request: `pipeline retry ${place} sends them again, which is paid; --by CODE only those of one code`,
  answer: `edit the request and run it, or pipeline retry ${place} asks again as it was; both are paid`,
  load: `correct the sink or its target, then pipeline retry ${place}; the answers are kept, so it is free`,
});

/** A run that was cancelled is not gone on with. */
const ofCancelled: Mends = ({ runId, path }) => ({
  render: `correct the rows or the template, then pipeline run ${path}; nothing was paid`,
  request: `pipeline run ${path} sends them again, which is paid; where it skips them, with --full-refresh`,
  answer: `edit the request, then pipeline run ${path}; or --full-refresh asks again as it was; both are paid`,
  load: `correct the sink or its target, then pipeline load ${path} --run ${runId}; the answers are kept, so it is free`,
});

/** Whoever has sent the files sends them again. */
const ofBuild: Mends = ({ path }) => {
  const again = `send their lines again, then pipeline load ${path} --results PATH with what comes back: the first success counts`;
  return {
    render: `correct the rows or the template, then pipeline build ${path} once more; nothing was paid`,
    request: again,
    answer: again,
    load: `correct the sink or its target, then pipeline load ${path} --results PATH with the same results, which is free`,
  };
};
