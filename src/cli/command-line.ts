import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BatchlineError, errorCode } from '../core/errors.ts';
import { Redactor } from '../core/redact.ts';
import { InvalidValue, type CommandSpec, type OptionSpec } from './command-spec.ts';
import { commands } from './commands.ts';
import type { CommandContext } from './context.ts';
import { failedSummary } from './failed-run.ts';
import { logLine } from './log-line.ts';
import { errorJson, reportError, shownCause } from './report-error.ts';
import { watchSignals } from './signals.ts';

/** Runs the command that the arguments name, and ends the process with its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const redactor = new Redactor();
  const signals = watchSignals(process);
  const context: CommandContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signals,
    redactor,
    print: (text) => void process.stdout.write(`${redactor.redact(text)}\n`),
  };
  // A reader that left (`pipeline errors R | head`) must not break off a run that costs money.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onOutputError);
  const code = await dispatch(args, context);
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit(code);
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  let code = 0;
  const program = new Command('pipeline')
    .description('Runs a language model over whole tables, through batch APIs.')
    .version(packageVersion())
    .configureOutput({ outputError: (text, write) => write(usageText(text, args)) })
    .exitOverride();
  for (const spec of commands) {
    addCommand(program, spec, async (words, options) => {
      code = await runCommand(spec, words, options, context);
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, context, {});
    if (error.exitCode === 0) return 0;
    const spec = commands.find(({ name }) => name === args[0]);
    if (args.includes('--json')) await printFailure(spec, usageError(error), context);
    return 2;
  }
}

async function runCommand(
  spec: CommandSpec,
  args: string[],
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<number> {
  try {
    const command = await spec.load();
    return await command.main(args, options, context);
  } catch (error) {
    if (options['json'] === true) await printFailure(spec, error, context);
    return reportError(error, context, options);
  }
}

/** JSON comes whatever goes wrong, so that whoever reads it need not read the exit code first. */
async function printFailure(
  spec: CommandSpec | undefined,
  error: unknown,
  context: CommandContext,
): Promise<void> {
  if (spec?.prints === undefined) {
    context.print(JSON.stringify({ error: errorJson(shownCause(error, context)) }));
    return;
  }
  const summary = await failedSummary(error, context);
  context.print(JSON.stringify(spec.prints === 'summary' ? summary : [summary]));
}

function usageError({ message }: CommanderError): BatchlineError {
  return new BatchlineError('usage', message.replace(/^error: /, ''), { exitCode: 2 });
}

/** @param text what commander says of arguments that it does not understand */
function usageText(text: string, args: readonly string[]): string {
  const isJson = args.some(
    (arg, at) => arg === '--log-format=json' || (arg === '--log-format' && args[at + 1] === 'json'),
  );
  if (!isJson) return text;
  const error = { code: 'usage', message: text.trim().replace(/^error: /, ''), where: null, hint: null };
  return `${logLine('error', { type: 'Failed', ...error })}\n`;
}

type Action = (args: string[], options: Record<string, unknown>) => Promise<void>;

function addCommand(program: Command, spec: CommandSpec, action: Action): void {
  const command = program.command(`${spec.name} ${spec.args}`.trim()).summary(spec.summary);
  command.description(spec.summary).exitOverride();
  for (const option of spec.options) command.addOption(toOption(option));
  command.action(async () => action(command.processedArgs.flat() as string[], command.opts()));
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  option.makeOptionMandatory(spec.required ?? false);
  if (spec.values !== undefined) option.choices(spec.values);
  if (spec.defaultValue !== undefined) option.default(spec.defaultValue);
  const { parse } = spec;
  if (parse !== undefined) option.argParser((text: string) => parseValue(parse, text));
  if (spec.repeatable === true) {
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  }
  return option;
}

function parseValue(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof InvalidValue ? new InvalidArgumentError(`It ${error.message}.`) : error;
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function onOutputError(error: Error): void {
  if (errorCode(error) === 'EPIPE') return;
  process.stderr.write(`error: cannot write the output: ${error.message}\n`);
  process.exit(1);
}

async function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable) return;
  await new Promise<void>((resolve) => void stream.write('', () => resolve()));
}
