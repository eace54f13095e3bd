import { errorTexts, type ErrorText } from './error-texts.ts';

const head = `# Errors

An error has a code, which stays as it is, a message, and mostly a hint. \`--json\` and \`--log-format json\` print the code;
in code it is \`BatchlineError.code\`. Where no exit code stands here, it is 2 before the first upload and 1 after it. What to
do about the usual ones is in [recovery](../recovery.md); why single rows failed, in
[rows that failed](../recovery.md#rows-that-failed). \`...\` is filled in, and where a cell is empty, the text is the database's,
the provider's, or put together on the spot.

| code | exit code | message | what to do |
| --- | --- | --- | --- |`;

/** The page of every error code. */
export function errorsPage(): string {
  const byCode = Map.groupBy(errorTexts(), ({ code }) => code);
  const rows = [...byCode].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, texts]) => row(code, texts));
  return [head, ...rows].join('\n');
}

function row(code: string, texts: readonly ErrorText[]): string {
  const cells = [
    texts.map(({ exitCode }) => exitCode),
    texts.map(({ message }) => message),
    texts.map(({ hint }) => hint),
  ];
  return `| \`${code}\` | ${cells.map((each) => cell(each)).join(' | ')} |`;
}

/** What differs, in a cell. */
function cell(texts: readonly (string | undefined)[]): string {
  const said = new Set(texts.filter((text) => text !== undefined && text !== '...'));
  return [...said]
    .join('<br>')
    .replaceAll('|', String.raw`\|`)
    .replaceAll('\n', ' ');
}
