import { randomBytes } from 'node:crypto';

/** A new id as the API makes them: a prefix and 32 hexadecimal digits. */
export function newId(prefix: string): string {
  return prefix + randomBytes(16).toString('hex');
}

/** An id as LiteLLM makes one of another, with the model in it that leads there: longer than 64 characters. */
export function routedId(prefix: string): string {
  return prefix + Buffer.from(`litellm:${newId(prefix)};model,gpt-4o-mini`).toString('base64url');
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
