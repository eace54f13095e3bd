import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { duration } from '../core/quantity.ts';

const deadline = z
  .string({ error: (issue) => (issue.input === undefined ? undefined : wanted) })
  .transform((text, context): Deadline => {
    const [, hour, minute] = /^\s*([01]?\d|2[0-3]):([0-5]\d)\s*$/.exec(text) ?? [];
    if (hour !== undefined) return { kind: 'daily', hour: Number(hour), minute: Number(minute) };
    const ms = duration.safeParse(text);
    if (ms.success) return { kind: 'after', ms: ms.data };
    context.addIssue({ code: 'custom', message: wanted });
    return z.NEVER;
  });

const wanted = 'must be a duration like 6h, or a time of day like "06:00"';

/** The `auto:` block: which way requests go under `mode: auto`. */
export const autoBlock = z.strictObject({
  standard_below: z.int().min(0).default(200).meta({
    description:
      'A run of fewer requests goes through the synchronous API; so do fewer rows that are to be sent again.',
  }),
  deadline: deadline.optional().meta({
    description:
      'When every row is to be there: a duration from the start of the run, like 6h, or the next time of day, like "06:00", in `schedule.timezone`. What batches have not answered in time goes through the synchronous API. Default: none.',
  }),
});

/** Of the `schedule:` block, what a deadline needs. */
export const scheduleBlock = z.strictObject({
  timezone: z.string().min(1).default('UTC').meta({
    description: 'The time zone of times of day, such as Europe/Berlin.',
  }),
});
