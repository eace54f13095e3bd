/**
 * Whether the last word of a header's or query parameter's name says that its value only leads a request to its place,
 * as of `x-litellm-model` and `api-version`. Such values are no secrets, and stand everywhere: to hide `gpt-4o-mini`
 * would blot out the model's name in messages and data.
 */
export function isRoutingName(name: string): boolean {
  return /(?:^|[-_])(?:provider|model|host|base[-_]?url|version|region|deployment|route|retries|timeout)$/i.test(
    name,
  );
}
