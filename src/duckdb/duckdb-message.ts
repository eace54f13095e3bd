/** What DuckDB said in an error's message, taken apart. */
export interface DuckdbMessage {
  /** As DuckDB names it: `Constraint`, `Conversion`. */
  readonly errorClass: string | undefined;
  /** What is wrong, on one line of a length that can be shown. */
  readonly statement: string;
  /** Of a CSV file: `people.csv:20001`. */
  readonly place: string | undefined;
  /** What DuckDB itself proposes. */
  readonly advice: string | undefined;
}

/** Where the statement ends and proposals, the settings of the CSV reader or the SQL itself begin. */
const behind =
  /\n\s*(?:Possible |Column .* is being converted|The search space |Try increasing |Candidate |Did you mean |LINE \d+:|file = )/;

/** The line of the file that DuckDB read is shown before what is wrong in it, and may itself be several. */
const csvError =
  /^CSV Error on Line: (\d+)\n(?:Original Line: [^]*?\n(?=\s*(?:Error when|Expected Number|Invalid unicode|Maximum line|Value with)))?\s*([^]*)$/;

export function readMessage(text: string): DuckdbMessage {
  const [prefix = '', errorClass] = /^([A-Z]\w*(?: \w+){0,2}) Error: /.exec(text) ?? [];
  const body = text.slice(prefix.length);
  const statement = body.split(behind, 1)[0] ?? body;
  const [, line, fault = statement] = csvError.exec(statement) ?? [];
  const file = /^ {2}file = (.+)$/m.exec(body)?.[1];
  return {
    errorClass,
    statement: shown(fault),
    place: line === undefined || file === undefined ? undefined : `${file}:${line}`,
    advice: /^(?:Did you mean|Candidate bindings:).*$/m
      .exec(body)?.[0]
      .replace('Candidate bindings:', 'There are:'),
  };
}

const [mostBefore, mostBehind] = [200, 100];

/** On one line. Of a long value the middle is left out, since DuckDB says behind it which column and type it was for. */
function shown(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ');
  if (line.length <= mostBefore + mostBehind) return line;
  return `${line.slice(0, mostBefore)} ... ${line.slice(-mostBehind)}`;
}
