import { BatchlineError } from '../../core/errors.ts';
import { fromWire, type WireText } from '../../core/wire-text.ts';
import type { OpenedInput } from './file-head.ts';

/** What `header:` says: the first record names the columns, or they are numbered, or they are named here. */
export type HeaderOption = boolean | readonly string[];

/** The names of the columns that all inputs share; null where every input is empty and none are named. */
export function columnNames(inputs: readonly OpenedInput[], header: HeaderOption): readonly string[] | null {
  const filled = inputs.filter((input) => input.first !== null);
  const [model] = filled;
  if (model === undefined) return typeof header === 'boolean' ? null : header;
  const names = namesOf(model, header);
  for (const input of filled) sameShape(input, model, header, names);
  return names;
}

function namesOf({ text, first }: OpenedInput, header: HeaderOption): readonly string[] {
  if (typeof header !== 'boolean') return header;
  const record = (first ?? []).map(fromWire);
  if (!header) return record.map((_, index) => `column_${index + 1}`);
  const names = namesIn(record);
  checkNames(names, text.name);
  return names;
}

function namesIn<Text extends string>(record: readonly Text[]): readonly Text[] {
  return record.slice(0, Math.max(namedCount(record), 1));
}

/** How many columns a header has without those at its end that have no name, as where each line ends in a delimiter. */
export function namedCount(record: readonly string[]): number {
  return record.findLastIndex((name) => name !== '') + 1;
}

function checkNames(names: readonly string[], file: string): void {
  const unnamed = names.indexOf('');
  if (unnamed !== -1) {
    throw new BatchlineError('bad_header', `column ${unnamed + 1} has no name in the header`, {
      where: `${file}:1`,
      hint: 'Give it a name in the file. If the file has no header, set `header: false` or list the names.',
    });
  }
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin === undefined) return;
  throw new BatchlineError('bad_header', `two columns are named "${twin}" in the header`, {
    where: `${file}:1`,
    hint: 'Rename one of them in the file. If the file has no header, set `header: false` or list the names.',
  });
}

function sameShape(
  input: OpenedInput,
  model: OpenedInput,
  header: HeaderOption,
  names: readonly string[],
): void {
  const whole = input.first ?? [];
  const record = header === true ? namesIn(whole) : whole;
  if (record.length !== names.length) {
    const expected =
      typeof header === 'boolean'
        ? `${model.text.name} has ${names.length}`
        : `\`header\` names ${names.length}`;
    throw new BatchlineError('bad_header', `the first record has ${record.length} fields, ${expected}`, {
      where: `${input.text.name}:1`,
      hint:
        record.length > names.length && namedCount(record) <= names.length
          ? 'The fields behind are empty: where each line ends in a delimiter, name them in `header` too.'
          : 'Check `delimiter` and `header`; all files of one source must have the same columns.',
    });
  }
  const other =
    header === true
      ? names.findIndex((name, index) => fromWire(record[index] ?? (name as WireText)) !== name)
      : -1;
  if (other === -1) return;
  throw new BatchlineError(
    'bad_header',
    `column ${other + 1} is "${fromWire(record[other] as WireText)}" here and "${names[other]}" in ${model.text.name}`,
    {
      where: `${input.text.name}:1`,
      hint: 'All files of one source must have the same columns in the same order.',
    },
  );
}
