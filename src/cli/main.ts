#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=4 --max-old-space-size=400 --
// The settings keep memory flat where much passes through: one arena of malloc's instead of one a thread, whose freed
// blocks the others cannot use; a small young generation; and a limit that makes V8 collect early instead of growing.
// The two dashes keep Node from reading `--env-file` as its own.
// This file alone must run on older versions of Node, to say what is wrong; everything else is imported after the check.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `error: batchline needs Node.js 24 or newer, and this is Node.js ${process.versions.node}\n` +
      'hint: install it from https://nodejs.org/en/download, or for this folder alone: npm install node@24; npx pipeline then runs on it\n',
  );
  process.exit(2);
}
const { runCommandLine } = await import('./command-line.ts');
await runCommandLine(process.argv.slice(2));
