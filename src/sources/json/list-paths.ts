import type { Token } from 'stream-json/core/parser.js';

/** Notes where lists stand that are in no other list: what `pick` may name. */
export class ListPaths {
  readonly found: string[] = [];
  readonly #keys: string[] = [];
  #lists = 0;

  see(token: Token): void {
    if (token.name === 'startObject') this.#keys.push('');
    else if (token.name === 'endObject') this.#keys.pop();
    else if (token.name === 'keyValue') this.#keys[this.#keys.length - 1] = token.value;
    else if (token.name === 'endArray') this.#lists -= 1;
    else if (token.name === 'startArray') {
      if (this.#lists === 0) this.found.push(this.#keys.join('.'));
      this.#lists += 1;
    }
  }
}
