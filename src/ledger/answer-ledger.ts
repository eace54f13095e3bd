/** Where it is known from how long answers are: from runs, or from answers that were asked for to be looked at. */
export type AnswerOrigin = 'history' | 'preview';

/** So many answers had so many output tokens. */
export type AnswerSizes = ReadonlyMap<number, number>;

/** How long the answers to a pipeline's requests have been. Those of runs are added with their outcomes. */
export interface AnswerLedger {
  /** The median of their output tokens; null where none is known. */
  medianAnswer(pipeline: string, origin: AnswerOrigin): Promise<number | null>;
  /** Takes in answers that no run has asked for. */
  addPreviewed(pipeline: string, sizes: AnswerSizes): Promise<void>;
}
