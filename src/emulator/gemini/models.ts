import type { KnownModels } from '../answers/known-models.ts';
import { ApiError } from '../http/api-error.ts';

export type GeminiMethod = 'generateContent' | 'embedContent';

/** What Google serves, as far as names tell, by what it can do. */
const served: Readonly<Record<GeminiMethod, readonly RegExp[]>> = {
  generateContent: [/^gemini-(?!embedding)/, /^gemma-\d/, /^learnlm-/],
  embedContent: [/^gemini-embedding-/, /^text-embedding-00\d/, /^embedding-001/],
};

const listed: readonly string[] = [
  'gemini-3.1-pro-preview',
  'gemini-3.1-flash-lite',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
  'gemini-embedding-001',
];

/** @throws ApiError 404 as Google refuses a model that it does not have, or not for this */
export function requireModel(model: string, method: GeminiMethod, models: KnownModels): void {
  if (models.has(model, served[method])) return;
  throw new ApiError(
    404,
    `models/${model} is not found for API version v1beta, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`,
  );
}

export function listedModels(models: KnownModels): readonly string[] {
  return [...listed, ...models.added];
}

export function describeModel(model: string, models: KnownModels): object {
  const methods = (['generateContent', 'embedContent'] as const).filter((method) =>
    models.has(model, served[method]),
  );
  if (methods.length === 0) throw new ApiError(404, `Model is not found: models/${model}`);
  const batch = { generateContent: 'batchGenerateContent', embedContent: 'asyncBatchEmbedContent' };
  return {
    name: `models/${model}`,
    version: '001',
    displayName: model,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: methods.flatMap((method) => [method, batch[method]]),
  };
}
