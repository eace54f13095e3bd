/** Whether a refusal says that a file is larger than the server takes. */
export function isTooLarge(message: string): boolean {
  return /\bfile\b.{0,40}\btoo (?:large|big)\b|\b(?:request|payload|entity|body)\b.{0,20}\btoo large\b|exceeds.{0,40}\bfile size\b|\bfile size\b.{0,40}(?:exceed|limit|maximum)/i.test(
    message,
  );
}

/** Whether a validation says that a file holds more requests than the server takes. */
export function isTooMany({
  code,
  message,
}: {
  readonly code: string | null;
  readonly message: string;
}): boolean {
  return (
    /too_many_(?:requests|lines|tasks)/.test(code ?? '') ||
    /\btoo many (?:requests|lines|rows|tasks)\b|\b(?:number of|maximum|most|limit)\b.{0,40}\b(?:requests|lines)\b/i.test(
      message,
    )
  );
}
