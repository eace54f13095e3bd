import type { BodyPiece } from '../core/dialect.ts';
import type { WireText } from '../core/wire-text.ts';

interface Aside {
  readonly text: WireText;
  /** How often the same text stands before it in the body. */
  readonly before: number;
}

/**
 * What stands in a body, but is no part of what is asked. It is found by its text: inside a rendered string, where
 * quotation marks are escaped, JSON never stands as it is.
 */
export class Asides {
  readonly #asides: readonly Aside[];

  constructor(pieces: readonly BodyPiece[]) {
    const asides: Aside[] = [];
    let constant = '';
    for (const piece of pieces) {
      if (piece.kind === 'aside')
        asides.push({ text: piece.text, before: constant.split(piece.text).length - 1 });
      constant += 'text' in piece ? piece.text : ' ';
    }
    this.#asides = asides.toReversed();
  }

  /** A body as `request_hash` covers it. */
  without(body: WireText): WireText {
    return this.#asides.reduce<WireText>((left, { text, before }) => {
      let at = left.indexOf(text);
      for (let passed = 0; passed < before && at !== -1; passed += 1)
        at = left.indexOf(text, at + text.length);
      return at === -1 ? left : (`${left.slice(0, at)}${left.slice(at + text.length)}` as WireText);
    }, body);
  }
}
