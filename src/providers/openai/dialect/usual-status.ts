/** Groq answers 498 where its flex tier has no room at the moment, which is elsewhere a 429. */
export function usualStatus(status: number): number {
  return status === 498 ? 429 : status;
}
