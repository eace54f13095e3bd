import { commands } from '../cli/commands.ts';
import { caseJsonSchema } from '../config/case-schema.ts';
import { pipelineJsonSchema } from '../config/json-schema.ts';
import { sinkCommon } from '../core/sink.ts';
import { sourceCommon } from '../core/source.ts';
import { providers } from '../providers/index.ts';
import { sinks } from '../sinks/index.ts';
import { sources } from '../sources/index.ts';
import { transforms } from '../transforms/index.ts';
import { commandsPage } from './commands-page.ts';
import { componentPage, componentPageName, type ComponentKind } from './component-page.ts';
import { errorsPage } from './errors-page.ts';
import { pipelinePage } from './pipeline-page.ts';

const kinds: readonly ComponentKind[] = [
  {
    name: 'source',
    block: 'source',
    declarations: sources,
    common: sourceCommon,
    frame: (block) => ({ ...block, key: 'id' }),
  },
  { name: 'transform', block: 'transforms', declarations: transforms, common: {}, frame: (block) => [block] },
  { name: 'provider', block: 'provider', declarations: providers, common: {}, frame: (block) => block },
  { name: 'sink', block: 'sink', declarations: sinks, common: sinkCommon, frame: (block) => block },
];

const notice = '<!-- Generated from the declarations by `npm run generate`; edit those instead. -->';

/** Every generated file's text, by its path from the repository's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const pages = new Map([
    ['pipeline-file.md', pipelinePage(kinds)],
    ['commands.md', commandsPage(commands)],
    ['errors.md', errorsPage()],
  ]);
  for (const kind of kinds) {
    for (const each of kind.declarations)
      pages.set(componentPageName(kind, each.name), componentPage(kind, each));
  }
  const files = new Map([
    ['schema/pipeline.schema.json', `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`],
    ['schema/pipeline-test.schema.json', `${JSON.stringify(caseJsonSchema(), null, 2)}\n`],
  ]);
  for (const [name, text] of pages) files.set(`docs/reference/${name}`, `${notice}\n\n${text}\n`);
  return files;
}
