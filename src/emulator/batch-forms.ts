import { anthropicForm } from './anthropic/batch-form.ts';
import type { BatchForm } from './batch/batch-form.ts';
import { openAiForm } from './batch/openai-form.ts';
import { geminiForm } from './gemini/batch-form.ts';
import type { BatchEndpoint } from './state/batch-record.ts';

const forms: Readonly<Record<BatchEndpoint, BatchForm>> = {
  '/v1/chat/completions': openAiForm,
  '/v1/responses': openAiForm,
  '/v1/embeddings': openAiForm,
  '/v1/messages': anthropicForm,
  generateContent: geminiForm,
  embedContent: geminiForm,
};

/** How the batches are written whose requests go to an endpoint. */
export function formOf(endpoint: BatchEndpoint): BatchForm {
  return forms[endpoint];
}
