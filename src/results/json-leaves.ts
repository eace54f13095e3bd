/** A text or number of a JSON text, and where it stands; of a text, what is between the quotes. */
export interface JsonLeaf {
  /** The keys that lead to it, as `response.body.data.0.text`. */
  readonly path: string;
  readonly kind: 'text' | 'number';
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the texts and numbers of a JSON text, in its order. Undefined where an object names a key twice or a key holds
 * an escape or a dot, so that a path would not say which value is meant.
 *
 * @param json valid JSON
 */
export function jsonLeaves(json: string): readonly JsonLeaf[] | undefined {
  const walk = new Walk(json);
  walk.value('');
  return walk.isAmbiguous ? undefined : walk.leaves;
}

class Walk {
  readonly leaves: JsonLeaf[] = [];
  isAmbiguous = false;
  readonly #json: string;
  #at = 0;

  constructor(json: string) {
    this.#json = json;
  }

  value(path: string): void {
    this.#skipSpace();
    const first = this.#json[this.#at];
    if (first === '{') this.#object(path);
    else if (first === '[') this.#array(path);
    else if (first === '"') this.#add(path, 'text', this.#string());
    else this.#scalar(path);
  }

  #object(path: string): void {
    const keys = new Set<string>();
    this.#members('}', () => {
      this.#skipSpace();
      const { start, end } = this.#string();
      const key = this.#json.slice(start, end);
      if (keys.has(key) || /[\\.]/.test(key)) this.isAmbiguous = true;
      keys.add(key);
      this.#skipSpace();
      this.#at += 1;
      this.value(`${path}${path === '' ? '' : '.'}${key}`);
    });
  }

  #array(path: string): void {
    let index = 0;
    this.#members(']', () => {
      this.value(`${path}.${index}`);
      index += 1;
    });
  }

  /** Reads what is between brackets, the commas included. */
  #members(close: string, member: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    if (this.#json[this.#at] !== close) {
      do {
        member();
        this.#skipSpace();
        this.#at += 1;
      } while (this.#json[this.#at - 1] === ',');
      return;
    }
    this.#at += 1;
  }

  #string(): { readonly start: number; readonly end: number } {
    const start = this.#at + 1;
    let end = start;
    while (this.#json[end] !== '"') end += this.#json[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    return { start, end };
  }

  #scalar(path: string): void {
    const start = this.#at;
    const rest = /[^\s,\]}]*/y;
    rest.lastIndex = start;
    this.#at += rest.exec(this.#json)?.[0].length ?? 0;
    if (/[-\d]/.test(this.#json[start] ?? '')) this.#add(path, 'number', { start, end: this.#at });
  }

  #add(path: string, kind: JsonLeaf['kind'], { start, end }: { start: number; end: number }): void {
    this.leaves.push({ path, kind, start, end });
  }

  #skipSpace(): void {
    while (/\s/.test(this.#json[this.#at] ?? '')) this.#at += 1;
  }
}
