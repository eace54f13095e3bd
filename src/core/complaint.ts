/** How a complaint begins, by which what is asked in addition is told from what was asked first. */
const start = 'Your answer was not accepted: ';
const end = 'Answer again with nothing but JSON that fits the schema.';

/** What is said to a model whose answer was not accepted. */
export function complaintAbout(problem: string): string {
  return `${start}${/[.!?]$/.test(problem) ? problem : `${problem}.`} ${end}`;
}

/** Whether a message of a request is a complaint of ours. */
export function isComplaint(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith(start);
}
