import type { OptionSpec } from './command-spec.ts';
import {
  configuration,
  failedRows,
  json,
  limit,
  noBreaker,
  output,
  port,
  positiveInteger,
  selection,
  state,
} from './option-parts.ts';

/** The flags of each command. */
export const options = {
  init: [
    {
      flags: '--template <what>',
      description: 'what the pipeline is for',
      values: ['tags', 'summaries', 'embeddings', 'own', 'quickstart'],
    },
    { flags: '--instruction <text>', description: 'what the model is told to do with each row' },
    { flags: '--source <url|file>', description: "a database's URL, a variable that holds one, or a file" },
    { flags: '--table <table>', description: 'the table to read, as schema.table' },
    {
      flags: '--key <column>',
      description: 'the column that names a row; repeated, several together',
      repeatable: true,
    },
    {
      flags: '--column <column>',
      description: 'a column that the model reads; may be repeated; default: those of text',
      repeatable: true,
    },
    {
      flags: '--sink <url|file>',
      description: 'where answers go; default: beside the rows',
    },
    {
      flags: '--provider <name|url>',
      description:
        "openai, anthropic, gemini, emulator, or the address of a server that speaks OpenAI's protocol",
    },
    { flags: '--model <model>', description: 'the model to ask; default: a cheap one of the provider' },
    { flags: '--emulator', description: 'let the emulator answer: made-up answers, for free' },
    { flags: '--name <name>', description: "the pipeline's name, and its file's" },
    { flags: '--force', description: 'overwrite files that are there' },
  ],
  run: [
    { flags: '--new-run', description: 'begin anew, also where an unfinished or finished run stands' },
    { flags: '--no-wait', description: 'send what may be sent and end while batches are under way' },
    {
      flags: '--mode <mode>',
      description: "which way requests go, in place of the file's `mode`",
      values: ['batch', 'standard', 'auto'],
    },
    ...selection,
    { flags: '--full-refresh', description: 'send unchanged rows and remembered failures again' },
    {
      flags: '--max-failed-rows <n|p%>',
      description: 'end well with up to so many failed rows',
      parse: failedRows,
    },
    noBreaker,
    { flags: '--yes', description: 'answer every question with yes' },
    ...configuration,
    { flags: '--json', description: 'print the summary as JSON' },
    ...output,
  ],
  preview: [
    {
      flags: '-n, --count <n>',
      description: 'how many rows to show; default: 5, or all of --sample',
      parse: positiveInteger,
    },
    { flags: '--live', description: 'send them, at the synchronous price, and show what would be loaded' },
    ...selection,
    ...configuration,
    { flags: '--json', description: 'print JSON' },
    ...output,
  ],
  validate: configuration,
  test: [...configuration, { flags: '--json', description: 'print the results as JSON' }],
  schema: [{ flags: '--test', description: 'of test files' }],
  plan: [
    ...selection.map((option) =>
      option === limit
        ? { ...limit, description: 'read so many rows and take the others to be like them' }
        : option,
    ),
    { flags: '--full-refresh', description: 'with unchanged rows and remembered failures' },
    { flags: '--exact', description: 'count the tokens of every request, not of a sample' },
    {
      flags: '--show <n>',
      description: 'show the first so many requests',
      parse: positiveInteger,
    },
    ...configuration,
    { flags: '--json', description: 'print the plan as JSON' },
    ...output,
  ],
  doctor: [json, ...configuration],
  build: [
    { flags: '--out <dir>', description: 'the folder to write to', required: true },
    ...selection,
    ...configuration,
    ...output,
  ],
  load: [
    {
      flags: '--build <dir>',
      description: "the build that the results belong to; default: the pipeline's last",
    },
    { flags: '--results <path...>', description: 'result files, folders or globs' },
    { flags: '--run <run>', description: "load this run's saved answers again instead" },
    { flags: '--final', description: 'rows without a result have failed' },
    { flags: '--json', description: 'print the summary as JSON' },
    ...configuration,
    ...output,
  ],
  collect: [
    noBreaker,
    state,
    ...configuration,
    { flags: '--json', description: 'print the summaries as JSON' },
    ...output,
  ],
  cancel: [
    { flags: '--no-wait', description: 'end while the provider is still cancelling' },
    state,
    ...configuration,
    { flags: '--json', description: 'print the summary as JSON' },
    ...output,
  ],
  retry: [
    {
      flags: '--lost',
      description:
        "send the rows of batches again that the provider does not know, or that may be another pipeline's",
    },
    {
      flags: '--by <code>',
      description: 'only the rows that failed with this code, see `pipeline errors --by code`',
    },
    { flags: '--no-wait', description: 'send what may be sent and end while batches are under way' },
    {
      flags: '--max-failed-rows <n|p%>',
      description: 'end well with up to so many failed rows',
      parse: failedRows,
    },
    noBreaker,
    state,
    ...configuration,
    { flags: '--json', description: 'print the summary as JSON' },
    ...output,
  ],
  recover: [
    {
      flags: '--batch <id...>',
      description:
        'adopt these batches, whatever they are labelled, instead of those that are found; settles creates in doubt',
    },
    { flags: '--no-wait', description: 'adopt what there is and end while batches are under way' },
    ...configuration,
    { flags: '--json', description: 'print the summaries as JSON' },
    ...output,
  ],
  runs: [json, state],
  gc: [
    {
      flags: '--older-than <duration>',
      description: 'delete only what ended so long ago, such as 12h or 7d',
      defaultValue: '7d',
    },
    state,
    ...configuration,
    { flags: '--json', description: 'print what was deleted as JSON' },
    ...output,
  ],
  status: [
    { flags: '--watch', description: 'show a run once a second, until it ends or Ctrl-C' },
    json,
    state,
  ],
  results: [
    {
      flags: '-n, --count <n>',
      description: 'how many rows to show',
      parse: positiveInteger,
      defaultValue: 10,
    },
    state,
    ...configuration,
  ],
  errors: [
    { flags: '--by <what>', description: 'a line for each reason, with its rows counted', values: ['code'] },
    json,
    state,
  ],
  emulator: [
    {
      flags: '--port <n>',
      description: 'the port to listen on; 0 takes a free one',
      parse: port,
      defaultValue: 8089,
    },
    {
      flags: '--data <dir>',
      description: 'where it keeps files and batches',
      defaultValue: '.pipeline/emulator',
    },
    {
      flags: '--models <names>',
      description: "models that it has beside the providers', separated by commas, such as my-model or a-*",
    },
    { flags: '--latency <duration>', description: 'how long a batch takes, such as 0ms, 2s or 15m' },
    {
      flags: '--rpm <n>',
      description: 'synchronous requests that it answers a minute, wherever the minute begins',
      parse: positiveInteger,
    },
    {
      flags: '--tpm <n>',
      description: 'prompt tokens of synchronous requests that it takes a minute',
      parse: positiveInteger,
    },
    { flags: '--faults <file>', description: 'what it is to do wrong: YAML or JSON, see docs/emulator.md' },
    {
      flags: '--dialect <name>',
      description: 'which server it differs from OpenAI like, see docs/emulator.md',
    },
  ],
} satisfies Readonly<Record<string, readonly OptionSpec[]>>;
