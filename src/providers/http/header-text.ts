import { BatchlineError } from '../../core/errors.ts';

/** Whether a text can stand in a header: printable ASCII, nothing that was pasted from a document, no line break. */
export function isHeaderText(text: string): boolean {
  return /^[\t\u0020-\u007e]*$/.test(text.trim());
}

export const oddKeyMessage =
  'holds a character that no header takes: a line break, a typographic dash or quote, or a letter outside of ASCII; copy the key anew';

/** @param variable the one that the key was read from */
export function oddKey(variable: string): BatchlineError {
  return new BatchlineError('provider_unauthorized', `The variable ${variable} ${oddKeyMessage}.`, {
    where: variable,
    hint: 'Set the variable again to the key alone.',
    exitCode: 2,
  });
}
