import { describe, expect, test } from 'vitest';
import { broken, checkFile, sound } from './check-file.ts';

const embedding = `  endpoint: embeddings
  model: text-embedding-3-small
  input: "{{ subject }}"
`;
const chat = `  endpoint: chat
  model: gpt-4o-mini
  prompt: "{{ subject }}"
`;

test.each<[string, string, string[]]>([
  ['', 'vector(1536)', []],
  ['', 'real[]', []],
  [
    '',
    'public.halfvec(512)',
    ['takes 512 dimensions, and the embeddings will have 1536 (the default of text-embedding-3-small)'],
  ],
  ['  params: { dimensions: 512 }\n', 'vector(512)', []],
  [
    '  params: { dimensions: 512 }\n',
    'vector(1536)',
    ['takes 1536 dimensions, and the embeddings will have 512 (request.params.dimensions)'],
  ],
])('dimensions that the file asks for with %j and declares as %s', (params, type, messages) => {
  const columns = `  columns: { v: { value: embedding, type: '${type}' } }\n`;
  const { lines } = checkFile(`${broken(chat, embedding + params)}${columns}`);
  const line = params === '' ? 16 : 17;
  expect(lines).toEqual(messages.map((message) => `p.yaml:${line}:43  sink.columns.v.type  ${message}`));
});

test('runs stand in a table of their own, beside a table', () => {
  expect(checkFile(`${sound}runs_table: runs\n`).lines).toEqual([]);
  expect(checkFile(`${sound}runs_table: tags\n`).lines).toEqual([
    "p.yaml:16:13  runs_table  is the sink's own table; name another",
  ]);
  const toFile = `${sound.replace(/sink:[^]*/, 'sink: { type: csv, path: out.csv }\n')}runs_table: runs\n`;
  expect(checkFile(toFile).lines).toEqual([
    'p.yaml:12:1  runs_table  goes beside a table of a `postgres` or `duckdb` sink; files have no place for it',
  ]);
});

test('mode: update creates nothing', () => {
  const { lines } = checkFile(`${sound}  mode: update\n  create: true\n`);
  expect(lines).toEqual([
    'p.yaml:17:3  sink.create  makes no sense with mode: update, which fills rows that are there already',
  ]);
  expect(checkFile(`${sound}  mode: update\n  create: false\n`).lines).toEqual([]);
});

test('of an unknown model nothing is claimed', () => {
  const request = embedding.replace('text-embedding-3-small', 'bge-m3');
  const columns = `  columns: { v: { value: embedding, type: vector(7) } }\n`;
  expect(checkFile(`${broken(chat, request)}${columns}`).lines).toEqual([]);
});

test('a sound pipeline has no faults, and its defaults are filled in', () => {
  const { lines, warnings, pipeline } = checkFile(sound);
  expect(lines).toEqual([]);
  expect(warnings).toEqual([]);
  expect(pipeline).toMatchObject({
    name: 'tags',
    source: { type: 'postgres', key: 'id', key_mode: 'auto', on_duplicate_key: 'error' },
    transforms: [],
    request: { endpoint: 'chat', params: {} },
    provider: { type: 'openai' },
    mode: 'batch',
    batch: {
      completion_window: '24h',
      max_attempts: 3,
      expires_after: 30 * 86_400_000,
      max_prepared: 20e9,
    },
    max_failed_rows: { rows: 0 },
    keep_files: 'loaded',
    state: '.pipeline',
  });
});

/** What is replaced in the sound pipeline, by what, and the lines that must come of it. */
const single: readonly (readonly [string, string, string, ...string[]])[] = [
  ['  table: tickets\n', '', 'p.yaml:3:3  source.table  required, or else `query`'],
  ['table: tickets', 'table: t\n  query: select 1', 'p.yaml:6:10  source.query  cannot stand beside `table`'],
  ['table: tickets', 'query: select 1\n  where: x', 'p.yaml:6:10  source.where  goes with `table`'],
  ['name: tags', 'transforms: [{ type: module }]', 'p.yaml:1:14  transforms.0.path  required'],
  ['name: tags', 'transforms: [{ type: filter, where: "size(" }]', 'p.yaml:1:43  transforms.0.where  '],
  ['  table: tags\n', '  table: tags\n  query: x\n', 'p.yaml:15:3  sink.query  unknown key'],
  ['name: tags', 'nmae: tags', 'p.yaml:1:1  nmae  unknown key  (did you mean name?)'],
  [
    'name: tags',
    'name: ""',
    'p.yaml:1:7  name  must be at most 64 letters, digits, ".", "_" or "-", and begin with a letter or digit',
  ],
  ['name: tags', 'name: [a]', 'p.yaml:1:7  name  must be text'],
  ['name: tags', 'name:', 'p.yaml:1:6  name  is empty; give it a value or take the key out'],
  ['name: tags', 'model: x', 'p.yaml:1:1  model  unknown key  (did you mean request.model?)'],
  ['name: tags', 'mode: bath', 'p.yaml:1:7  mode  must be one of batch, standard, auto'],
  [
    'name: tags',
    'budget: { max_cost: 1 }',
    'p.yaml:1:11  budget.max_cost  `max_cost` is not available in this version',
  ],
  [
    'name: tags',
    'schedule: { cron: "0 2 * * *" }',
    'p.yaml:1:13  schedule.cron  `cron` is not available in this version',
  ],
  [
    'name: tags',
    'schedule: { timezone: Europe/Berln }',
    'p.yaml:1:23  schedule.timezone  is no time zone that is known; write one like UTC or Europe/Berlin  (did you mean Europe/Berlin?)',
  ],
  [
    'name: tags',
    'auto: { deadline: 25:00 }',
    'p.yaml:1:19  auto.deadline  must be a duration like 6h, or a time of day like "06:00"',
  ],
  [
    'name: tags',
    'auto: { deadline: 6 }',
    'p.yaml:1:19  auto.deadline  must be a duration like 6h, or a time',
  ],
  ['name: tags', 'auto: { standard_below: -1 }', 'p.yaml:1:25  auto.standard_below  must be at least 0'],
  [
    'name: tags',
    'auto: { standrd_below: 9 }',
    'p.yaml:1:9  auto.standrd_below  unknown key  (did you mean standard_below?)',
  ],
  [
    'name: tags',
    'standard: { tier: 2h }',
    'p.yaml:1:19  standard.tier  the provider does not have this tier for chat: it has only default, flex, priority. Windows are for endpoint responses of provider openai',
  ],
  [
    'name: tags',
    'standard: { tier: slow }',
    'p.yaml:1:19  standard.tier  must be one of default, flex, priority, 2h, 8h',
  ],
  [
    '  prompt: "{{ subject }}"',
    '  prompt: "{{ subject }}"\n  params: { service_tier: flex }\nstandard: { tier: flex }',
    'p.yaml:12:19  standard.tier  stands beside `request.params.service_tier`; only one is sent, so take one out',
  ],
  [
    chat,
    `${embedding}standard: { tier: flex }\n`,
    'p.yaml:11:19  standard.tier  the provider does not have this tier for embeddings: it has none; take it out',
  ],
  ['name: tags', 'standard: { concurrency: 0 }', 'p.yaml:1:26  standard.concurrency  must be'],
  ['name: tags', 'prices: { a: { input: -1 } }', 'p.yaml:1:23  prices.a.input  must be'],
  [
    'name: tags',
    'state: postgres://h/db',
    'p.yaml:1:8  state  a state outside of a folder is not available in this version',
  ],
  [
    'name: tags',
    'keep_files: al',
    'p.yaml:1:13  keep_files  must be one of loaded, failed, all  (did you mean all?)',
  ],
  [
    'name: tags',
    'max_failed_rows: 2x',
    'p.yaml:1:18  max_failed_rows  must be a number of rows or a percentage like 1%',
  ],
  [
    'name: tags',
    'max_failed_rows: 101%',
    'p.yaml:1:18  max_failed_rows  must be a number of rows or a percentage like 1%',
  ],
  [
    'name: tags',
    'max_failed_rows: -1',
    'p.yaml:1:18  max_failed_rows  must be a number of rows or a percentage like 1%',
  ],
  ['name: tags', 'transforms: {}', 'p.yaml:1:13  transforms  must be a list'],
  ['name: tags', 'transforms: [3]', 'p.yaml:1:14  transforms.0  must be a map of keys'],
  ['name: tags', 'batch: 3', 'p.yaml:1:8  batch  must be a map of keys'],
  ['name: tags', 'batch: { max_requests: 0 }', 'p.yaml:1:24  batch.max_requests  must be more than 0'],
  ['name: tags', 'batch: { max_requests: 1.5 }', 'p.yaml:1:24  batch.max_requests  must be a whole number'],
  ['name: tags', 'batch: { max_requests: many }', 'p.yaml:1:24  batch.max_requests  must be a whole number'],
  [
    'name: tags',
    'batch: { poll_interval: 60 }',
    'p.yaml:1:25  batch.poll_interval  must be a duration like 250ms, 90s, 15m, 6h or 14d',
  ],
  [
    'name: tags',
    'batch: { poll_interval: 60sec }',
    'p.yaml:1:25  batch.poll_interval  must be a duration like 250ms, 90s, 15m, 6h or 14d',
  ],
  [
    'name: tags',
    'batch: { max_bytes: 190mb }',
    'p.yaml:1:21  batch.max_bytes  must be a size like 190MB or 181MiB',
  ],
  ['name: tags', 'batch: { max_bytes: -1 }', 'p.yaml:1:21  batch.max_bytes  must be more than 0'],
  [
    'name: tags',
    'batch: { completion_window: soon }',
    'p.yaml:1:29  batch.completion_window  must be a window like 24h',
  ],
  ['name: tags', 'batch: { pilot: -1 }', 'p.yaml:1:17  batch.pilot  must be'],
  [
    'name: tags',
    'batch: { pilot: { rows: 5, expect: { "tagz + ": 1 } } }',
    'p.yaml:1:38  batch.pilot.expect."tagz + "  ',
  ],
  ['name: tags', '__proto__: 1', 'p.yaml:1:1  __proto__  unknown key'],
  ['name: tags', 'constructor: 1', 'p.yaml:1:1  constructor  unknown key'],
  ['type: postgres', 'type: postgress', 'p.yaml:3:9  source.type  must be ', 'did you mean postgres?'],
  [
    'type: postgres',
    'type: duckdb',
    'p.yaml:4:3  source.url  unknown key',
    'p.yaml:3:3  source.path  required for `table`',
  ],
  ['type: postgres', 'types: postgres', 'p.yaml:3:3  source.type  required; one of '],
  [
    '  key: id\nrequest',
    '  kee: id\nrequest',
    'p.yaml:3:3  source.key  required',
    'p.yaml:6:3  source.kee  unknown key  (did you mean key?)',
  ],
  ['  key: id\nrequest', '  key: 5\nrequest', 'p.yaml:6:8  source.key  must be text or a list'],
  ['  key: id\nrequest', '  key: [id, 5]\nrequest', 'p.yaml:6:13  source.key.1  must be text'],
  ['  key: id\nrequest', '  key: []\nrequest', 'p.yaml:6:8  source.key  must not be empty'],
  ['  key: id\nrequest', '  key: [id, id]\nrequest', 'p.yaml:6:8  source.key  names id twice'],
  ['  key: id\nrequest', '  key: [id, day]\nrequest', 'p.yaml:15:8  sink.key  must name 2 columns'],
  [
    '  key: id\nrequest',
    '  key: id\n  incremental: {}\nrequest',
    'p.yaml:7:16  source.incremental.cursor  required',
  ],
  [
    'endpoint: chat',
    'endpoint: chatt',
    'p.yaml:8:13  request.endpoint  must be one of ',
    '(did you mean chat?)',
  ],
  ['  endpoint: chat\n', '', 'p.yaml:8:3  request.endpoint  required; one of '],
  ['  model: gpt-4o-mini\n', '', 'p.yaml:8:3  request.model  required'],
  [
    'prompt:',
    'promt:',
    'p.yaml:8:3  request.prompt  required, or else `messages`',
    'p.yaml:10:3  request.promt  unknown key  (did you mean prompt?)',
  ],
  [
    '  prompt: "{{ subject }}"',
    '  input: a',
    'p.yaml:8:3  request.prompt  required, or else `messages`',
    'p.yaml:10:3  request.input  is for embeddings',
  ],
  [
    '  prompt: "{{ subject }}"',
    '  prompt: "{{ x }}"\n  messages: [{ role: user, content: x }]',
    'p.yaml:10:3  request.prompt  cannot stand beside `messages`',
  ],
  [
    '  prompt: "{{ subject }}"',
    '  messages: [{ role: user }]',
    'p.yaml:10:14  request.messages.0.content  required',
  ],
  [
    '  prompt: "{{ subject }}"',
    '  prompt: "{{ x }}"\n  output: { on_invalid: retry }',
    'p.yaml:11:11  request.output.schema  required',
  ],
  [
    '  prompt: "{{ subject }}"',
    '  prompt: "{{ x }}"\n  output: { schema: { type: object, additionalProperties: false }, on_invalid: reaks }',
    'p.yaml:11:80  request.output.on_invalid  must be one of fail, retry, reask  (did you mean reask?)',
  ],
  [
    'endpoint: chat',
    'endpoint: embeddings',
    'p.yaml:8:3  request.input  required for embeddings',
    'p.yaml:10:3  request.prompt  is not for embeddings',
  ],
  [
    '  table: tags\n',
    '  table: tags\n  deleted: delete\n  unchanged: skip\n',
    'p.yaml:16:3  sink.unchanged  cannot stand beside `deleted: delete`',
  ],
  [
    '  table: tags\n',
    '  table: tags\n  deleted: delete\n  mode: update\n',
    'p.yaml:15:3  sink.deleted  `delete` cannot go with `mode: update`',
  ],
  [
    '  key: id\nrequest',
    '  key: id\n  incremental: { cursor: updated_at, lag: soon }\nrequest',
    'p.yaml:7:43  source.incremental.lag  must be a duration',
  ],
  [
    'type: postgres\n  url: embedded\n  table: tags\n',
    'type: csv\n  path: tags.csv\n  unchanged: send\n  deleted: keep\n',
    'p.yaml:14:3  sink.unchanged  is for sinks that are tables',
    'p.yaml:15:3  sink.deleted  is for tables',
  ],
  [
    '  table: tags\n',
    '  table: tags\n  columns: { a: 5 }\n',
    'p.yaml:15:17  sink.columns.a  must be text or a map of keys',
  ],
  [
    '  table: tags\n',
    '  table: tags\n  columns: { a: { valu: text } }\n',
    'p.yaml:15:17  sink.columns.a.value  required',
    'p.yaml:15:19  sink.columns.a.valu  unknown key  (did you mean value?)',
  ],
];

describe('one fault, at its place', () => {
  test.each(single)('%j -> %j', (piece, replacement, ...expected) => {
    const { lines, pipeline } = checkFile(broken(piece, replacement));
    expect(pipeline).toBeUndefined();
    const printed = lines.join('\n');
    for (const each of expected) expect(printed).toContain(each);
    expect(lines).toHaveLength(expected.filter((each) => each.startsWith('p.yaml')).length);
    expect(printed).not.toMatch(/undefined|invalid input|received|\bexpected/i);
  });
});

test('all faults of a file come at once, in the order of the file', () => {
  const { lines } = checkFile(`name: my tags
source:
  type: postgres
  url: \${NOT_SET}
  table: t
  kei: id
request: { endpoint: chat, model: m, prompt: "{{ a" }
batch:
  poll_interval: fast
sink:
  type: postgres
  url: embedded
  table: t
  columns:
    a: "json."
extra: 1
`);
  expect(lines.map((line) => line.split('  ').slice(0, 2).join(' '))).toEqual([
    'p.yaml:1:7 name',
    'p.yaml:3:3 source.key',
    'p.yaml:4:8 source.url',
    'p.yaml:6:3 source.kei',
    'p.yaml:7:47 request.prompt',
    'p.yaml:9:18 batch.poll_interval',
    expect.stringMatching(/^p\.yaml:15:\d+ sink\.columns\.a$/),
    'p.yaml:16:1 extra',
  ]);
});

test('one problem never spans two lines, whatever its key holds', () => {
  const { lines } = checkFile(broken('name: tags', '"a\\n\\e[31mb": 1'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\u0000-\u001f]/);
});

describe('max_failed_rows', () => {
  test.each([
    ['25', { rows: 25 }],
    ['"1%"', { share: 0.01 }],
    ['0.5%', { share: 0.005 }],
  ])('%s', (text, expected) => {
    expect(checkFile(broken('name: tags', `max_failed_rows: ${text}`)).pipeline?.max_failed_rows).toEqual(
      expected,
    );
  });
});

test('a model in params, which would pass by the limits of the one that is named', () => {
  const { lines } = checkFile(broken(chat, `${chat}  params: { model: gpt-4o }\n`));
  expect(lines).toEqual([
    'p.yaml:11:13  request.params.model  would be sent in place of `request.model`; write it there',
  ]);
});

test('a deadline without `mode: auto` is a warning: another --set may choose the mode', () => {
  const text = 'auto: { deadline: "06:00" }';
  const { warnings, pipeline } = checkFile(broken('name: tags', text));
  expect(warnings).toMatchObject([{ path: 'auto.deadline', line: 1 }]);
  expect(pipeline?.auto).toEqual({
    standard_below: 200,
    deadline: { kind: 'daily', hour: 6, minute: 0 },
  });
  expect(checkFile(broken('name: tags', `mode: auto\n${text}`)).warnings).toEqual([]);
});

const warned = (params: string, provider = '') =>
  checkFile(`${broken(chat, `${chat}  params: { ${params} }\n`)}${provider}`).warnings.map(
    ({ line, column, path, suggestion }) => [line, column, path, suggestion],
  );

describe('parameters that the endpoint is not known to have', () => {
  const vllm = 'provider: { base_url: "http://gpu:8000/v1" }\n';

  test('are warned of, with what was probably meant', () => {
    expect(warned('max_token: 5')).toEqual([[11, 13, 'request.params.max_token', 'max_tokens']]);
    expect(warned('temprature: 0, seed: 1')).toEqual([[11, 13, 'request.params.temprature', 'temperature']]);
    expect(warned('top_k: 5')).toMatchObject([[11, 13, 'request.params.top_k', expect.anything()]]);
    expect(warned('max_completion_tokens: 5, reasoning_effort: low')).toEqual([]);
  });

  test('but of a server that may have others only those that look misspelt', () => {
    expect(warned('top_k: 5, chat_template_kwargs: {}, quite_its_own: 1', vllm)).toEqual([]);
    expect(warned('max_token: 5', vllm)).toEqual([[11, 13, 'request.params.max_token', 'max_tokens']]);
  });

  test('are those of the endpoint', () => {
    const file = broken(chat, `${chat}  params: { reasoning_effort: low }\n`).replace('chat', 'responses');
    expect(checkFile(file).warnings).toMatchObject([{ suggestion: 'reasoning' }]);
  });
});

const refused = (request: string) =>
  checkFile(broken(chat, request)).lines.map((line) => line.split('  ').slice(0, 2).join(' '));
const without = (prompt: string) => `  endpoint: chat\n  model: gpt-4o-mini\n${prompt}`;

describe('a request in which nothing of the row stands', () => {
  test.each([
    ['  prompt: Say hello\n', 'p.yaml:10:11 request.prompt'],
    ['  prompt: "{% assign a = 1 %}{{ a }}"\n  system: Be kind\n', 'p.yaml:10:11 request.prompt'],
    ['  prompt: "{ subject }"\n', 'p.yaml:10:11 request.prompt'],
    [
      '  messages:\n    - { role: system, content: Be kind }\n    - { role: user, content: hello }\n',
      'p.yaml:12:30 request.messages.1.content',
    ],
  ])('%j', (prompt, place) => {
    expect(refused(without(prompt))).toEqual([place]);
    expect(refused(`${without(prompt)}  dedupe: false\n`)).toEqual([place]);
    expect(refused(`${without(prompt)}  dedupe: true\n`)).toEqual([]);
  });

  test('an input too', () => {
    expect(refused(embedding.replace('"{{ subject }}"', 'subject'))).toEqual(['p.yaml:10:10 request.input']);
  });

  test('one that stands in any of its parts will do', () => {
    expect(refused(without('  prompt: hello\n  system: "{{ subject }}"\n'))).toEqual([]);
    expect(refused(without('  prompt: "{% for t in tags %}{{ t }}{% endfor %}"\n'))).toEqual([]);
  });
});
