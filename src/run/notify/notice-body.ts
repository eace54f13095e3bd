import type { notices } from '../../config/notify-block.ts';
import type { LoadedPipeline } from '../../config/load.ts';
import { BatchlineError, errorMessage } from '../../core/errors.ts';
import type { RunSummary } from '../summary.ts';

export type NoticeStatus = (typeof notices)[number];

/** What is told: the end of a run, or of a command that came to none. */
export interface Told {
  readonly status: NoticeStatus;
  /** Null where there is no run. */
  readonly summary: RunSummary | null;
  /** Null where nothing went wrong. */
  readonly error: unknown;
}

const words: Readonly<Record<NoticeStatus, string>> = {
  completed: 'completed',
  completed_with_failures: 'completed with failures',
  failed: 'failed',
  refused: 'was refused',
  cancelled: 'was cancelled',
  interrupted: 'was interrupted',
  late: 'is late',
};

const longestText = 1500;
const whole = new Intl.NumberFormat('en-US');

/** The JSON that is posted, without secrets; `text` is one line, which chats show. */
export function noticeBody(loaded: LoadedPipeline, told: Told): string {
  const { name, redactor } = loaded;
  const { status, summary, error } = told;
  const described = error === null ? null : describe(error);
  const parts = [
    `${name} ${words[status]}`,
    ...(summary === null ? [] : [countsOf(summary), costOf(summary)]),
  ];
  const reason = described === null ? '.' : `. ${described.message}`;
  const text = `${parts.filter((part) => part !== '').join(', ')}${reason} Next: ${described?.hint ?? nextStep(told, loaded)}`;
  const body = {
    text: redactor.redact(oneLine(text)),
    pipeline: name,
    run_id: summary?.run_id ?? null,
    status,
    rows: summary?.rows ?? null,
    cost_usd: summary === null ? 0 : summary.cost_usd,
    error: described && {
      code: described.code,
      message: redactor.redact(described.message),
      where: described.where === null ? null : redactor.redact(described.where),
      hint: described.hint === null ? null : redactor.redact(described.hint),
    },
  };
  return JSON.stringify(body);
}

function countsOf({ rows }: RunSummary): string {
  const counts = [
    `${whole.format(rows.ok)} of ${whole.format(rows.requested)} ${rows.requested === 1 ? 'row' : 'rows'} ok`,
    ...(rows.failed > 0 ? [`${whole.format(rows.failed)} failed`] : []),
    ...(rows.pending > 0 ? [`${whole.format(rows.pending)} pending`] : []),
  ];
  return counts.join(', ');
}

function costOf({ cost_usd: cost }: RunSummary): string {
  return cost === null
    ? 'cost unknown'
    : `$${cost >= 0.01 || cost === 0 ? cost.toFixed(2) : cost.toPrecision(2)}`;
}

/** What a person types next, where the error does not say so itself. */
function nextStep({ status, summary }: Told, { file, target }: LoadedPipeline): string {
  const run = summary?.run_id ?? '';
  if (status === 'completed') return `pipeline results ${run}`;
  if (status === 'completed_with_failures') return `pipeline errors ${run}, then pipeline retry ${run}`;
  if (status === 'late' || status === 'cancelled') return `pipeline status ${run}`;
  return `pipeline run ${file}${target === undefined ? '' : ` --target ${target}`}`;
}

function describe(error: unknown) {
  const { code, where, hint } = error instanceof BatchlineError ? error : { code: 'defect' };
  return { code, message: errorMessage(error), where: where ?? null, hint: hint ?? null };
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > longestText ? `${line.slice(0, longestText)}...` : line;
}
