import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Vitest's global setup: the tests of the command line start `bin/shardyard.js`, which runs what is in `dist`. */
export default async function build(): Promise<void> {
  if (isFresh()) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/build.mjs'], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  // The compiler writes its output in spite of type errors. `npm run check` is what fails for them, not every test.
  console.warn(`the build has errors:\n${stdout}${stderr}`);
  if (!isFresh()) throw new Error('the build wrote nothing');
}

/** Whether everything in `dist` was written after the last change of a source. */
function isFresh(): boolean {
  const sources = globSync('src/**/*.ts', { cwd: root });
  const outputs = sources.map((file) => file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
  const changed = Math.max(...['package.json', 'tsconfig.json', 'tsconfig.build.json', ...sources].map(timeOf));
  return Math.min(...outputs.map(timeOf)) >= changed;
}

function timeOf(file: string): number {
  return statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
