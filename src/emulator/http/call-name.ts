/** The calls of the API, as faults name them. */
export const callNames = [
  'upload',
  'start_upload',
  'list_files',
  'show_file',
  'download',
  'delete_file',
  'create_batch',
  'list_batches',
  'show_batch',
  'cancel_batch',
  'answer',
  'show_response',
  'cancel_response',
  'list_models',
  'show_model',
] as const;

export type CallName = (typeof callNames)[number];
