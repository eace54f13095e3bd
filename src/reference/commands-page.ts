import { exitCodes, type CommandSpec, type OptionSpec } from '../cli/command-spec.ts';

/** The page of the commands: arguments, flags and exit codes. */
export function commandsPage(commands: readonly CommandSpec[]): string {
  return [
    '# Commands',
    'Data goes to standard output, logs and progress to standard error.',
    ...commands.map(commandSection),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      exitCodes.map(({ code, meaning }) => [`\`${code}\``, meaning]),
    ),
  ].join('\n\n');
}

function commandSection({ name, args, summary, options }: CommandSpec): string {
  const usage = ['pipeline', name, options.length > 0 ? '[options]' : '', args].filter((part) => part !== '');
  const flags = options.length === 0 ? [] : [table(['flag', 'default', 'meaning'], options.map(optionRow))];
  return [`## pipeline ${name}`, summary, `\`\`\`sh\n${usage.join(' ')}\n\`\`\``, ...flags].join('\n\n');
}

function optionRow({ flags, description, values, defaultValue, required }: OptionSpec): readonly string[] {
  const listed = values === undefined ? '' : ` (${values.map((value) => `\`${value}\``).join(', ')})`;
  const fallback = defaultValue === undefined ? '' : `\`${defaultValue}\``;
  return [`\`${flags}\``, required === true ? '**required**' : fallback, `${description}${listed}`];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
