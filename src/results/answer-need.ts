/** The parts of an answer that columns can need; what no column needs is not worked out. */
export type AnswerNeed =
  | 'text'
  | 'json'
  | 'embedding'
  | 'body'
  | 'model'
  | 'usage'
  | 'finish_reason'
  | 'request_id';
