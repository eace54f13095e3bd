import type { Part } from '@google/genai';
import { BatchlineError } from '../../../core/errors.ts';
import type { MessagePart } from '../../../core/message-part.ts';

/** @throws BatchlineError `media_type_unknown` */
export function writePart(part: MessagePart): string {
  return JSON.stringify(toPart(part));
}

function toPart(part: MessagePart): Part {
  switch (part.kind) {
    case 'text':
      return { text: part.text };
    case 'data':
      return { inlineData: { mimeType: part.mediaType, data: part.base64 } };
    case 'address':
      if (part.mediaType === null) throw unknownType(part.url);
      return { fileData: { fileUri: part.url, mimeType: part.mediaType } };
  }
}

/** The API wants to be told, and does not look for itself. */
function unknownType(url: string): BatchlineError {
  return new BatchlineError(
    'media_type_unknown',
    `the address ${url.slice(0, 200)} does not end like that of an image (.png, .jpg, .webp, ...), and Gemini must be told its type: give a data: URL or a path instead`,
    { hint: 'Give the image as a data: URL, or as a path below the folder of the pipeline file.' },
  );
}
