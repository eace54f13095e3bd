/** A piece of a line in one style. */
export interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: Style;
}

export type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red';

const styles: Readonly<Record<string, Style>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
};

interface Cell {
  readonly sign: string;
  readonly style: Style;
}

/** As much of a terminal as the live view uses: lines, colours, going up, and erasing what is below. */
export class TerminalScreen {
  #lines: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #style: Style = 'plain';

  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex
    for (const [, escape, sign = ''] of text.matchAll(/\u001b\[([\d;]*[A-Za-z])|([^\u001b])/gsu)) {
      if (escape === undefined) this.#put(sign);
      else this.#obey(escape);
    }
  }

  /** The lines as they now are. */
  runs(): readonly (readonly Run[])[] {
    return this.#lines.map(runsOf);
  }

  #put(sign: string): void {
    if (sign === '\r') this.#column = 0;
    else if (sign === '\n') this.#goDown();
    else {
      if (this.#column === this.#width) {
        this.#goDown();
        this.#column = 0;
      }
      (this.#lines[this.#row] ??= [])[this.#column++] = { sign, style: this.#style };
    }
  }

  #goDown(): void {
    this.#row += 1;
    this.#lines[this.#row] ??= [];
  }

  #obey(escape: string): void {
    const count = Number.parseInt(escape, 10);
    if (escape.endsWith('A')) this.#row = Math.max(0, this.#row - count);
    else if (escape.endsWith('J')) {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row]?.splice(this.#column);
    } else if (escape.endsWith('m')) this.#style = styles[count] ?? 'plain';
  }
}

function runsOf(cells: readonly Cell[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [column, cell] of cells.entries()) {
    const last = runs.at(-1);
    if (last?.style === cell.style) runs[runs.length - 1] = { ...last, text: last.text + cell.sign };
    else runs.push({ column, text: cell.sign, style: cell.style });
  }
  return runs;
}
