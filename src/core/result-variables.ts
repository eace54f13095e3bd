/** The variables of a column's expression (contract section 3). */
export const resultVariables = [
  'custom_id',
  'key',
  'row',
  'text',
  'json',
  'embedding',
  'usage',
  'model',
  'finish_reason',
  'request_hash',
  'request_id',
  'batch_id',
  'attempt',
  'body',
  'now',
] as const;

export type ResultVariable = (typeof resultVariables)[number];

/** The variables that are parts of an answer; what no column needs is not worked out. */
export const answerVariables = [
  'text',
  'json',
  'embedding',
  'body',
  'model',
  'usage',
  'finish_reason',
  'request_id',
] as const satisfies readonly ResultVariable[];

export type AnswerNeed = (typeof answerVariables)[number];
