import type { BodyPiece, BodyPlan } from '../core/dialect.ts';
import { type CompiledTemplate, compileTemplate } from '../expr/template.ts';

/** A piece of a request body whose template, if it is one, can be rendered. */
export type CompiledPiece =
  | Extract<BodyPiece, { readonly kind: 'json' | 'aside' }>
  | (Omit<Extract<BodyPiece, { readonly kind: 'template' }>, 'template'> & {
      readonly template: CompiledTemplate;
    });

export function compileBody({ pieces }: BodyPlan): readonly CompiledPiece[] {
  return pieces.map((piece) => {
    if (piece.kind === 'parts') throw new Error('parts');
    return piece.kind === 'template' ? { ...piece, template: compileTemplate(piece.template) } : piece;
  });
}

/** The templates of a body, in its order. */
export function templatesOf(pieces: readonly CompiledPiece[]): readonly CompiledTemplate[] {
  return pieces.flatMap((piece) => (piece.kind === 'template' ? [piece.template] : []));
}
