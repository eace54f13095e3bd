/** What a batch file may hold: the provider's limits or the user's, whichever is lower. */
export interface ChunkLimits {
  readonly requests: number;
  /** UTF-8 bytes, line feeds included. */
  readonly bytes: number;
  /** Estimated prompt tokens; Infinity where there is no limit. */
  readonly tokens: number;
}
