/** The resource of a model, which may be named by it as well: `models/gemini-2.5-flash`, `tunedModels/mine`. */
export function modelPath(model: string): string {
  return /^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`;
}
