import { plain } from '../run/cases/differences.ts';
import { previewPipeline, type Preview, type PreviewedRequest } from '../run/preview/preview.ts';
import type { CommandContext, Main } from './context.ts';
import { loadFor, requestFlags, withDraining, withProgress } from './pipeline-command.ts';
import { requestText } from './render/preview-text.ts';
import { counted, dollars, visible } from './render/words.ts';
import { errorJson, reportError } from './report-error.ts';

const usualCount = 5;

/** `pipeline preview FILE`: the first requests as people read them; with `--live` their answers too. */
export const main: Main = async ([file = ''], options, context) => {
  const loaded = await loadFor(file, options, context);
  const live = options['live'] === true;
  const asked = requestFlags(options);
  const count = (options['count'] as number | undefined) ?? asked.sample ?? usualCount;
  const withSignals = live ? withDraining : withProgress;
  const preview = await withSignals(options, context, (host) =>
    previewPipeline(loaded, { ...asked, count, live }, host),
  );
  if (options['json'] === true) context.print(JSON.stringify(toJson(preview)));
  else report(preview, live, context);
  // What was paid for has been shown.
  context.signals.drain.throwIfAborted();
  return preview.error === null ? 0 : reportError(preview.error, context, options);
};

function report(preview: Preview, live: boolean, context: CommandContext): void {
  const { requests, failures, filtered, prices } = preview;
  for (const request of requests) context.print(`${requestText(request, live)}\n`);
  for (const { key, failure } of failures)
    context.print(`row ${visible(key)}\n  failed  ${failure.code} (render): ${visible(failure.message)}\n`);
  const counts = [
    counted(requests.length, 'request'),
    ...(failures.length > 0 ? [`${counted(failures.length, 'row')} that cannot be rendered`] : []),
    ...(filtered > 0 ? [`${counted(filtered, 'row')} filtered`] : []),
  ];
  context.print(counts.join(', '));
  if (live) context.print(paidText(preview));
  else if (requests.length > 0) context.print('Nothing was sent; --live sends them.');
  if (prices.remark !== null) context.stderr.write(`${prices.remark}\n`);
}

function paidText({ requests, isEmulator }: Preview): string {
  const answers = requests.flatMap(({ answer }) => answer ?? []);
  const unknown = answers.filter(({ cost }) => cost === null).length;
  const { input, output } = tokensOf(requests);
  const sum = dollars(answers.reduce((total, { cost }) => total + (cost ?? 0), 0));
  const tokens = `${counted(input, 'token')} in, ${counted(output, 'token')} out`;
  const rest = unknown === 0 ? '' : `, and what ${counted(unknown, 'answer')} of unknown price cost`;
  if (isEmulator) return `Nothing was paid: the emulator answered. At the provider: ${sum} (${tokens}).`;
  return `Paid: ${sum} at the synchronous price${rest} (${tokens}).`;
}

function tokensOf(requests: readonly PreviewedRequest[]) {
  const usages = requests.flatMap(({ answer }) => {
    const result = answer?.judged.result;
    return (result?.kind === 'ok' ? result.answer.usage : result?.usage) ?? [];
  });
  return {
    input: usages.reduce((sum, { input_tokens: tokens }) => sum + (tokens ?? 0), 0),
    output: usages.reduce((sum, { output_tokens: tokens }) => sum + (tokens ?? 0), 0),
  };
}

function toJson({ pipeline, requests, failures, filtered, prices, error }: Preview): object {
  const answers = requests.flatMap(({ answer }) => answer ?? []);
  const isKnown = answers.every(({ cost }) => cost !== null);
  return {
    pipeline,
    rows: [
      ...requests.map((request) => ({
        key: request.key,
        custom_id: request.customId,
        body: request.body,
        messages: request.shown.messages,
        schema: request.shown.schema,
        params: request.shown.params,
        tokens: { input: request.tokens, output_ceiling: request.ceiling },
        cost_usd: request.cost,
        ...answerJson(request),
      })),
      ...failures.map(({ key, failure }) => ({ key, custom_id: failure.customId, ...failureJson(failure) })),
    ],
    filtered,
    tokens: tokensOf(requests),
    cost_usd: isKnown ? answers.reduce((sum, { cost }) => sum + (cost ?? 0), 0) : null,
    prices_as_of: prices.asOf,
    ...(error !== null && { error: errorJson(error) }),
  };
}

function answerJson({ answer }: PreviewedRequest): object {
  if (answer === null) return {};
  const { text, judged, cost } = answer;
  if ('code' in judged) return { answer: text, ...failureJson(judged), paid_usd: cost };
  const columns = Object.entries(judged.values).map(([name, value]) => [name, plain(value)] as const);
  return { answer: text, columns: Object.fromEntries(columns), truncated: judged.isCut, paid_usd: cost };
}

function failureJson({
  stage,
  code,
  message,
}: {
  readonly stage: string;
  readonly code: string;
  readonly message: string;
}) {
  return { failure: { stage, code, message } };
}
