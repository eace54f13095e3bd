import { z } from 'zod';
import { liquid } from './component.ts';

const template = z.string().meta({ description: 'A Liquid template.', ...liquid });

const part = z.union([
  z.strictObject({ text: template }),
  z.strictObject({
    image: template.meta({
      description:
        'An image: an http(s) address, a data: URL, or a path below the folder of the pipeline file.',
      ...liquid,
    }),
  }),
  z.strictObject({
    file: template.meta({
      description: 'A PDF: a data: URL, or a path below the folder of the pipeline file.',
      ...liquid,
    }),
  }),
]);

const message = z.strictObject({
  role: z.string().min(1).meta({ description: 'system, user, assistant or developer.' }),
  content: z
    .union([template, z.array(part).min(1)])
    .meta({ description: 'A Liquid template, or a list of parts: texts, images, files.' }),
});

/** The `request:` block: how a row becomes a model request. */
export const requestBlock = z.strictObject({
  endpoint: z
    .enum(['chat', 'responses', 'embeddings'])
    .meta({ description: 'What the requests ask for: chat, responses or embeddings.' }),
  model: z.string().min(1).meta({ description: 'The model; one for the whole pipeline.' }),
  system: z
    .string()
    .optional()
    .meta({ description: 'Liquid template of the system message.', ...liquid }),
  prompt: z
    .string()
    .optional()
    .meta({ description: 'Liquid template of the user message.', ...liquid }),
  messages: z
    .array(message)
    .min(1)
    .optional()
    .meta({ description: 'All messages, instead of system and prompt.' }),
  input: z
    .string()
    .optional()
    .meta({ description: 'Liquid template of the text to embed.', ...liquid }),
  cache: z.enum(['auto', 'off']).default('auto').meta({
    description:
      'auto: where a provider wants to be told what to keep of a prompt, it is told of the head that all rows share.',
  }),
  dedupe: z.boolean().default(false).meta({
    description:
      'true: rows that make the same request share one; it is paid once and its answer loaded for each.',
  }),
  output: z
    .strictObject({
      schema: z.record(z.string(), z.json()).meta({
        description:
          'JSON Schema that each answer must fit. It is sent with strict: true, and checked for what that takes, unless params says in what format to answer.',
      }),
      on_invalid: z.enum(['fail', 'retry', 'reask']).default('fail').meta({
        description:
          'fail: such a row fails. retry: it is sent again, up to batch.max_attempts. reask: the same, with its answer and what was wrong with it.',
      }),
      repair: z.boolean().default(false).meta({
        description:
          'true: an answer that is no JSON is repaired, where that is sure (code fences, words before it, trailing commas), and fails otherwise.',
      }),
    })
    .optional()
    .meta({ description: 'Structured output.' }),
  params: z.record(z.string(), z.json()).default({}).meta({
    description:
      "Merged into each request body. max_tokens, temperature, top_p, stop, seed and dimensions go by these names everywhere and are sent by the provider's own; any other key goes as it is.",
  }),
});

export type RequestBlock = z.output<typeof requestBlock>;

/** What a message holds: one template, or parts. */
export type MessageContent = NonNullable<RequestBlock['messages']>[number]['content'];
