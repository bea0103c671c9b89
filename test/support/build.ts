import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const INPUTS = ['package.json', 'tools/build.mjs', 'tsconfig.json', 'tsconfig.build.json'];
/** The last thing that the build writes. */
const BUNDLE = 'dist/child/main.cjs';

/** Vitest's global setup: the tests of the command line start `bin/shardyard.js`, which runs what is in `dist`. */
export default async function build(): Promise<void> {
  if (isFresh()) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/build.mjs'], { cwd: root, encoding: 'utf8' });
  // Not thrown: one type error must not take the tests of pure functions away; `npm run check` fails for it.
  if (status !== 0) console.warn(`The build failed. Tests that start bin/shardyard.js see an old or a broken dist.\n${stdout}${stderr}`);
}

/** Whether everything in `dist` was written after the last change of a source. */
function isFresh(): boolean {
  const sources = globSync('src/**/*.ts', { cwd: root });
  const outputs = sources.map((file) => file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
  return Math.min(...[BUNDLE, ...outputs].map(timeOf)) >= Math.max(...[...INPUTS, ...sources].map(timeOf));
}

function timeOf(file: string): number {
  return statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
