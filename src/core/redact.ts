const mask = '[secret]';

/** Values that must never be shown, and the one place that takes them out of text. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** Values shorter than four characters would blot out innocent text and protect nothing. */
  add(value: string): void {
    if (value.length >= 4) this.#secrets.add(value);
  }

  redact(text: string): string {
    let shown = text;
    for (const value of this.#secrets) shown = shown.replaceAll(value, mask);
    return shown;
  }
}
