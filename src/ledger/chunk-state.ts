/**
 * The life of a chunk, from a sealed batch file to loaded rows.
 *
 *     sealed -> uploading -> uploaded -> creating -> submitted -> ended -> downloaded -> loaded
 *                  |  ^       |  ^  ^        |           |
 *                  +--+       |  |  +--------+           +--> refused (the provider's validation failed)
 *        upload made again    |  |  known absent         |
 *                             |  +-----------------------+
 *                             |   refused for want of room: created again with the same file
 *                             +--> sealed (the provider lost its file)
 *
 *     sealed -> uploaded (a provider that takes no upload)
 *     sealed -> submitted (a batch that was found at the provider)
 *     sealed -> loaded (results that were made elsewhere)
 *     sealed, uploading, uploaded -> superseded (too many tokens or bytes: its rows move to smaller files)
 *     sealed, uploading, uploaded -> asking -> downloaded (each line is asked by itself, through the synchronous API)
 *     creating -> refused (turned down at its creation)
 *     downloaded -> held -> loaded (rows lack a result, and an answer to them may lie unread: a person decides)
 *
 * `uploading` and `creating` are intents: written before the request goes out. A process that finds one on start does
 * not know what the provider did. An upload is free and simply made again; a create is looked for at the provider.
 */
export type ChunkState =
  | 'sealed'
  | 'asking'
  | 'uploading'
  | 'uploaded'
  | 'creating'
  | 'submitted'
  | 'ended'
  | 'downloaded'
  | 'held'
  | 'loaded'
  | 'refused'
  | 'superseded';

const events = [
  'upload_intended',
  'upload_succeeded',
  'upload_skipped',
  'create_intended',
  'create_ruled_out',
  'create_succeeded',
  'input_file_lost',
  'batch_adopted',
  'batch_deferred',
  'batch_refused',
  'batch_ended',
  'results_downloaded',
  'results_loaded',
  'results_held',
  'file_superseded',
  'asking_begun',
  'answers_written',
] as const;

export type ChunkEvent = (typeof events)[number];

/** What each event leads to, in the order of `events`; null marks what cannot happen. */
type Row = FateOfEach<typeof events>;
type FateOfEach<Events extends readonly unknown[]> = { readonly [Index in keyof Events]: ChunkState | null };

const no = null;

// prettier-ignore
const table: Readonly<Record<ChunkState, Row>> = {
  //           upload_                                create_                                 input_    batch_                                      results_                              file_         asking_   answers_
  //           intended     succeeded   skipped       intended    ruled_out   succeeded       lost      adopted      deferred    refused    ended   downloaded    loaded    held        superseded   begun     written
  sealed:     ['uploading', no,         'uploaded',   no,         no,         no,             no,       'submitted', no,         no,        no,     no,           'loaded', no,         'superseded', 'asking', no],
  asking:     [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           no,       no,         no,              no,       'downloaded'],
  uploading:  ['uploading', 'uploaded', no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           no,       no,         'superseded', 'asking', no],
  uploaded:   [no,          no,         no,           'creating', no,         no,             'sealed', no,          no,         no,        no,     no,           no,       no,         'superseded', 'asking', no],
  creating:   [no,          no,         no,           no,         'uploaded', 'submitted',    no,       no,          no,         'refused', no,      no,         no,        no,         no,      no,       no],
  submitted:  [no,          no,         no,           no,         no,         no,             no,       no,          'uploaded', 'refused', 'ended', no,         no,        no,         no,      no,       no],
  ended:      [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     'downloaded', no,       no,         no,      no,       no],
  downloaded: [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           'loaded', 'held',     no,      no,       no],
  held:       [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           'loaded', 'held',     no,      no,       no],
  loaded:     [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           no,       no,         no,      no,       no],
  refused:    [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           no,       no,         no,      no,       no],
  superseded: [no,          no,         no,           no,         no,         no,             no,       no,          no,         no,        no,     no,           no,       no,         no,      no,       no],
};

/** The state that follows. @throws Error where the event cannot happen in that state, which is a defect of ours */
export function nextState(state: ChunkState, event: ChunkEvent): ChunkState {
  const next = table[state][events.indexOf(event)];
  if (next === null || next === undefined) throw new Error(`A chunk that is ${state} cannot meet ${event}.`);
  return next;
}

const atProvider: ReadonlySet<ChunkState> = new Set(['creating', 'submitted', 'ended']);

/** Whether answers to the chunk's rows may be at the provider alone. */
export function isAtProvider(state: ChunkState): boolean {
  return atProvider.has(state);
}

/** Whether answers to the chunk's rows may be paid for that are not loaded yet. */
export function mayBePaid(state: ChunkState): boolean {
  return isAtProvider(state) || state === 'asking' || state === 'downloaded' || state === 'held';
}

/** Whether nothing more will happen to the chunk. */
export function isFinal(state: ChunkState): boolean {
  return state === 'loaded' || state === 'refused' || state === 'superseded';
}
