import type { BodyPiece, BodyPlan } from '../core/dialect.ts';
import { type CompiledTemplate, compileTemplate } from '../expr/template.ts';
import type { CompiledPart } from './parts/parts-slot.ts';

type Piece<Kind extends BodyPiece['kind']> = Extract<BodyPiece, { readonly kind: Kind }>;

/** A piece of a request body whose templates, if it has any, can be rendered. */
export type CompiledPiece =
  | Piece<'json' | 'aside'>
  | (Omit<Piece<'template'>, 'template'> & { readonly template: CompiledTemplate })
  | (Omit<Piece<'parts'>, 'parts'> & { readonly parts: readonly CompiledPart[] });

export function compileBody({ pieces }: BodyPlan): readonly CompiledPiece[] {
  return pieces.map((piece) => {
    if (piece.kind === 'template') return { ...piece, template: compileTemplate(piece.template) };
    if (piece.kind !== 'parts') return piece;
    return {
      ...piece,
      parts: piece.parts.map((part) => ({ ...part, template: compileTemplate(part.template) })),
    };
  });
}

/** The templates of a body, in its order. */
export function templatesOf(pieces: readonly CompiledPiece[]): readonly CompiledTemplate[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === 'parts') return piece.parts.map(({ template }) => template);
    return piece.kind === 'template' ? [piece.template] : [];
  });
}
