import type { EventListener, PipelineEvent, ToldEvent, ToldListener } from './events.ts';
import { redactEvent, type Redactor } from './redact.ts';

/** The event as it is told outside of the engine. @param runId null before the run is known */
export function toTold(event: PipelineEvent, runId: string | null, redactor: Redactor): ToldEvent {
  const named = 'runId' in event ? event.runId : runId;
  return { ...redactEvent(event, redactor), at: Date.now(), runId: named } as ToldEvent;
}

export function isTold(event: PipelineEvent): event is ToldEvent {
  return 'at' in event;
}

/** Whether an event says what happened, and not only what is to come, which nobody asks for later. */
export function isKept({ type }: PipelineEvent): boolean {
  return type !== 'LookPlanned' && type !== 'EndForecast';
}

/** The outermost listener: what no run has stamped on its way happened before a run was known. */
export function tellingTo(listen: ToldListener, redactor: Redactor): EventListener {
  return (event) => listen(isTold(event) ? event : toTold(event, null, redactor));
}
