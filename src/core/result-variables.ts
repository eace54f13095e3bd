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
