/** Within how long an answer may be had for less. */
export const windowNames = ['2h', '8h'] as const;

/** What requests may cost more or less for. Which of them a provider has, its dialect says. */
export const tierNames = ['default', 'flex', 'priority', ...windowNames] as const;

/** Null where a tier is no window, and its answers are waited for. */
export function windowMs(tier: string | undefined): number | null {
  const isWindow = windowNames.some((name) => name === tier);
  return isWindow && tier !== undefined ? Number.parseInt(tier, 10) * 3_600_000 : null;
}
