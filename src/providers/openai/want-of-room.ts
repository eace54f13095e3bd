/** Whether a refusal says that too many tokens are enqueued. */
export function isWantOfRoom({
  code,
  message,
}: {
  readonly code: string | null;
  readonly message: string;
}): boolean {
  return code === 'token_limit_exceeded' || /enqueued tokens?/i.test(message);
}

/** `Limit: 2,000,000 enqueued tokens`; null where the message names none. */
export function statedLimit(message: string): number | null {
  const match = /\blimit:\s*(\d{1,3}(?:[,._ ]\d{3})+(?!\d)|\d+)/i.exec(message);
  const digits = match?.[1]?.replaceAll(/\D/g, '') ?? '';
  return Number(digits) > 0 ? Number(digits) : null;
}
