import { pino } from 'pino';
import { isShown, levelOf } from './level.ts';
import type { View, ViewOptions } from './view.ts';

/** One JSON object an event, written at once: nothing is lost when the process ends. */
export function createJsonLog({ stderr, level }: ViewOptions): View {
  const log = pino(
    {
      base: null,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void stderr.write(line) },
  );
  return {
    // The log has a time of its own.
    show: ({ at: _at, ...event }) => {
      const eventLevel = levelOf(event);
      if (isShown(eventLevel, level)) log[eventLevel](event);
    },
    close: () => log.flush(),
  };
}
