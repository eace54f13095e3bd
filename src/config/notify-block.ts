import { z } from 'zod';

/** How a run may end, and that it is late, as far as somebody may be told. */
export const notices = [
  'completed',
  'completed_with_failures',
  'failed',
  'refused',
  'cancelled',
  'interrupted',
  'late',
] as const;

/** The `notify:` block: who is told how a run ended. */
export const notifyBlock = z.strictObject({
  webhook: z.url({ protocol: /^https?$/, error: 'must be an address, https://... or http://...' }).meta({
    description: 'Where a JSON message is posted to: a webhook of Slack, Teams, Mattermost, or your own.',
    secret: true,
    wholeUrl: true,
  }),
  on: z
    .array(z.enum(notices))
    .min(1)
    .default(['failed', 'completed_with_failures', 'refused', 'late'])
    .meta({ description: 'When it is told.' }),
});
