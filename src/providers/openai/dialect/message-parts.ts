import type { MessagePart } from '../../../core/message-part.ts';

/** A part of a message of chat completions. */
export function chatPart(part: MessagePart): string {
  if (part.kind === 'text') return JSON.stringify({ type: 'text', text: part.text });
  if (part.kind === 'data' && part.holds === 'file')
    return JSON.stringify({ type: 'file', file: fileOf(part) });
  return JSON.stringify({ type: 'image_url', image_url: { url: addressOf(part) } });
}

/** A part of a message of Responses, where what the model said is of another type than what it is told. */
export function responsesPart(part: MessagePart, role: string): string {
  if (part.kind === 'text') {
    return JSON.stringify({ type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text });
  }
  if (part.kind === 'data' && part.holds === 'file')
    return JSON.stringify({ type: 'input_file', ...fileOf(part) });
  return JSON.stringify({ type: 'input_image', image_url: addressOf(part) });
}

type DataPart = Extract<MessagePart, { readonly kind: 'data' }>;

function addressOf(part: Exclude<MessagePart, { readonly kind: 'text' }>): string {
  return part.kind === 'address' ? part.url : dataUrl(part);
}

/** A file has to have a name, also where it comes from a data URL. */
function fileOf(part: DataPart): { readonly filename: string; readonly file_data: string } {
  return { filename: part.name ?? 'file.pdf', file_data: dataUrl(part) };
}

function dataUrl({ mediaType, base64 }: DataPart): string {
  return `data:${mediaType};base64,${base64}`;
}
