import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BatchlineError } from '../core/errors.ts';
import { runIds } from '../ledger/examine.ts';
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { commands } from './commands.ts';
import type { CommandContext, Main } from './context.ts';

/** Each asks `pipeline completion candidates -- WORDS`, so that what it offers is always what there is. */
const scripts: Readonly<Record<string, string>> = {
  bash: `# eval "$(pipeline completion bash)"
_pipeline() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" completion candidates -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${COMPREPLY[*]} == *[./]* ]] && compopt -o filenames 2>/dev/null
}
complete -o default -F _pipeline pipeline batchline`,
  zsh: `#compdef pipeline batchline
# eval "$(pipeline completion zsh)"
_pipeline() {
  local -a found
  found=(\${(f)"$("\${words[1]}" completion candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- "\${found[@]}"; else _files; fi
}
compdef _pipeline pipeline batchline`,
  fish: `# pipeline completion fish | source
function __pipeline_candidates
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion candidates -- $words[2..-1] 2>/dev/null
end
complete -c pipeline -a '(__pipeline_candidates)'
complete -c batchline -a '(__pipeline_candidates)'`,
};

/** `pipeline completion SHELL`; as `completion candidates -- WORDS` what the last of the words may become. */
export const main: Main = async ([shell = '', ...words], _options, context) => {
  if (shell === 'candidates') {
    for (const each of candidates(words, context)) context.stdout.write(`${each}\n`);
    return 0;
  }
  const script = scripts[shell];
  if (script === undefined)
    throw new BatchlineError('unknown_shell', `There is no completion for "${shell}".`, {
      hint: 'Take one of bash, zsh and fish.',
      exitCode: 2,
    });
  context.print(script);
  return 0;
};

function candidates(words: readonly string[], context: CommandContext): readonly string[] {
  const current = words.at(-1) ?? '';
  const [name] = words;
  if (words.length <= 1)
    return beginning(current, [...commands.map((each) => each.name), '--help', '--version']);
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return [];
  const before = optionNamed(command, words.at(-2) ?? '');
  if (before !== undefined && before.flags.includes('<')) return beginning(current, before.values ?? []);
  if (current.startsWith('-')) return beginning(current, [...command.options.flatMap(names), '--help']);
  return beginning(current, argumentsOf(command, words, current, context));
}

function argumentsOf(
  { name, args }: CommandSpec,
  words: readonly string[],
  current: string,
  { cwd }: CommandContext,
): readonly string[] {
  if (name === 'completion') return ['bash', 'zsh', 'fish'];
  const at = words.indexOf('--state');
  const state = at === -1 ? '.pipeline' : (words[at + 1] ?? '.pipeline');
  const runs = args.includes('run') ? runIds(resolve(cwd, state)) : [];
  return args.includes('file') ? [...runs, ...pipelineFiles(cwd, current)] : runs;
}

/** Pipeline files, and folders that may hold some, in the folder that is being typed. */
function pipelineFiles(cwd: string, current: string): readonly string[] {
  const folder = current.slice(0, current.lastIndexOf('/') + 1);
  try {
    return readdirSync(join(folder.startsWith('/') ? '' : cwd, folder), { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .filter((entry) => entry.isDirectory() || /\.ya?ml$/i.test(entry.name))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
  } catch {
    return [];
  }
}

function names({ flags }: OptionSpec): readonly string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

function optionNamed({ options }: CommandSpec, word: string): OptionSpec | undefined {
  return options.find((option) => names(option).includes(word));
}

function beginning(start: string, all: readonly string[]): readonly string[] {
  return all.filter((each) => each.startsWith(start));
}
