const replacement = '\uFFFD';
/** Any surrogate, paired or not, or NUL: what makes a second look worth while. */
const suspicious = /[\0\ud800-\udfff]/;
const suspiciousEscape = /\\u(?:0000|d[89a-f])/i;
const anyEscape = /\\(?:u[0-9a-f]{4}|.)/gi;
const uncleanEscape = /^\\u(?:0000|d[89a-f]..)$/i;

/** Replaces NUL and lone surrogates, which Postgres cannot hold, by U+FFFD, and remembers whether it had to. */
export class TextCleaner {
  /** Set by each replacement; for whoever counts to reset. */
  happened = false;

  text(text: string): string {
    return suspicious.test(text) ? this.#note(text, text.toWellFormed().replaceAll('\0', replacement)) : text;
  }

  /**
   * For text that `JSON.stringify` wrote. It writes NUL and lone surrogates as escapes, and pairs as they are, so that
   * every escape of a surrogate is that of a lone one. Keys are cleaned like values.
   */
  json(json: string): string {
    if (!suspiciousEscape.test(json)) return json;
    return this.#note(
      json,
      json.replaceAll(anyEscape, (escape) => (uncleanEscape.test(escape) ? replacement : escape)),
    );
  }

  #note(before: string, after: string): string {
    if (after !== before) this.happened = true;
    return after;
  }
}
