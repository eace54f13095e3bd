import type { Plan } from './plan.ts';
import { chooseProvider } from './providers.ts';
import { purposes } from './purposes.ts';

export const quickstartRows = {
  name: 'quickstart-tickets.csv',
  text: `id,subject,body
1,Cannot log in,"Since this morning the login page says that my password is wrong, but I did not change it."
2,Invoice twice,"I was charged twice in October. Please send one of the two amounts back."
3,Dark mode?,"The white pages hurt my eyes at night. Is a dark mode planned?"
4,Export is slow,"Exporting 20,000 rows takes ten minutes; last month it took one."
5,Thank you,"Your support solved my problem within the hour. Thank you!"
6,Delete my account,"Please delete my account and all of my data."
7,App crashes,"On my phone the app closes whenever I open the calendar."
8,Change of address,"We have moved. How do I change the address on our invoices?"
9,API limits,"How many requests a minute may we send with the small plan?"
10,Wrong language,"The mails that I get are in French, though my profile says Spanish."
11,Refund,"I bought the yearly plan by mistake and want the monthly one."
12,Two-factor codes,"The codes reach me only after they have expired."
`,
} as const;

/** A small CSV file and the emulator: runs at once, without a server or an account. */
export function quickstartPlan(name: string): Plan {
  const { block, model } = chooseProvider(
    { provider: 'openai', isEmulator: true, model: undefined },
    purposes.tags,
  );
  return {
    name,
    purpose: 'tags',
    source: { type: 'csv', path: quickstartRows.name },
    origin: quickstartRows.name,
    key: ['id'],
    columns: ['subject', 'body'].map((column) => ({ name: column, isText: true })),
    provider: block,
    model,
    sink: { type: 'csv', path: `${name}.answers.csv` },
    variables: [],
  };
}
