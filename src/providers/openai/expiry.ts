/** When the provider is to delete what it keeps. */
export function expiry(afterMs: number) {
  return { anchor: 'created_at', seconds: Math.round(afterMs / 1000) } as const;
}
