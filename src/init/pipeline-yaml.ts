import { Document, isMap, isScalar, type Pair, Scalar, type YAMLMap } from 'yaml';
import type { Block, Plan } from './plan.ts';
import { purposes } from './purposes.ts';

/** No request costs more than so many tokens of the row's texts. */
const mostTokens = 6000;

/** The pipeline file, with comments for whoever reads or edits it next. */
export function pipelineYaml(plan: Plan, schemaPath: string): string {
  const document = new Document(pipelineData(plan));
  const map = document.contents as unknown as YAMLMap;
  document.commentBefore = [
    ` yaml-language-server: $schema=${schemaPath}`,
    '',
    ` ${purposes[plan.purpose].label}: ${oneLine(plan.origin)}. Made by \`pipeline init\`; yours to edit.`,
    ' `pipeline validate` finds what is wrong, before anything is sent.',
  ].join('\n');
  comment(map, 'source', ' Where the rows come from. The key names a row: its answer is joined back by it.');
  comment(map, 'transforms', ' Long texts are cut, so that no request costs more than expected.');
  comment(map, 'request', ' What is asked for each row. {{ name }} is replaced by that column of the row.');
  comment(map, 'provider', providerComment(plan));
  comment(map, 'sink', ' Where the answers go. Each column is an expression over the answer.');
  flow(map, ['transforms']);
  const wrapped = { lineWidth: 0 } as const;
  return document.toString(wrapped);
}

function pipelineData(plan: Plan): object {
  const { endpoint, instruction, output, params } = purposes[plan.purpose];
  const texts = plan.columns.filter(({ isText }) => isText);
  const cut = Math.max(1, Math.floor(mostTokens / Math.max(1, texts.length)));
  const rows = promptOf(plan);
  const request =
    endpoint === 'embeddings'
      ? { endpoint, model: plan.model, input: rows }
      : {
          endpoint,
          model: plan.model,
          system: plan.instruction ?? instruction,
          prompt: rows,
          ...(output && { output }),
          ...(params && { params }),
        };
  return {
    source: { ...plan.source, key: oneOrMany(plan.key) },
    ...(texts.length > 0 && {
      transforms: texts.map(({ name }) => ({ type: 'truncate', field: name, max_tokens: cut })),
    }),
    request,
    provider: plan.provider,
    sink: { ...plan.sink, columns: sinkColumns(plan) },
  };
}

function oneOrMany(names: readonly string[]): string | readonly string[] {
  const [first] = names;
  return names.length === 1 && first !== undefined ? first : names;
}

/** The target's columns; one that is called like the key gives way to it. */
function sinkColumns({ purpose, key }: Plan): Block {
  const taken = new Set([...key, 'request_hash']);
  return Object.fromEntries(
    Object.entries(purposes[purpose].columns).map(([name, value]) => {
      let free = name;
      while (taken.has(free)) free = `answer_${free}`;
      return [free, value];
    }),
  );
}

/** Each column after its name; a single one stands alone. */
function promptOf({ columns }: Plan): string {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return `{{ ${variable(only.name)} }}`;
  return columns.map(({ name }) => `${label(name)}: {{ ${variable(name)} }}\n`).join('');
}

const words: ReadonlySet<string> = new Set(
  'true false nil null empty blank and or not contains in with for if as now today forloop tablerowloop'.split(
    ' ',
  ),
);

/** A column in Liquid; a name that is no word of its own stands in brackets. */
function variable(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name) && !words.has(name)) return name;
  const quote = name.includes('"') ? "'" : '"';
  return `[${quote}${name.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}]`;
}

/** A name as plain text in a template. */
function label(name: string): string {
  return oneLine(name).replaceAll(/\{(?=[{%])/g, '( ');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}

function providerComment({ provider, variables }: Plan): string {
  if (provider['base_url'] === 'emulator')
    return [
      ' Who answers. The emulator makes its answers up, on this machine and for free. For real answers take base_url out',
      " and set the provider's key; the first real run needs --full-refresh.",
    ].join('\n');
  const key = variables.find(({ name }) => name.endsWith('_API_KEY'))?.name;
  return ` Who answers. Its key is read from ${key ?? 'the environment'}, or from .env beside this file.`;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function comment(map: YAMLMap, key: string, text: string): void {
  const pair = pairOf(map, key);
  if (pair === undefined || !(pair.key instanceof Scalar)) return;
  pair.key.commentBefore = text;
  // The file's own comment ends in a blank line.
  pair.key.spaceBefore = map.items[0] !== pair;
}

/** Small lists of small maps, one a line. */
function flow(map: YAMLMap, keys: readonly string[]): void {
  for (const key of keys) {
    const list = pairOf(map, key)?.value;
    const items = typeof list === 'object' && list !== null && 'items' in list ? list.items : [];
    for (const item of items as readonly unknown[]) if (isMap(item)) item.flow = true;
  }
}
