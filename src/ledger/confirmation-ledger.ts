/** Who has agreed to what a run is expected to cost is not asked again. */
export interface ConfirmationLedger {
  isConfirmed(runId: string): Promise<boolean>;
  /** @param at in milliseconds since 1970 */
  confirm(runId: string, at: number): Promise<void>;
}
