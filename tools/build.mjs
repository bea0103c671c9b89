// Builds dist/ with the compiler that is installed; started by `prepare`, so that `npm ci` is all a user needs.
// It builds beside dist/ and replaces file by file, so that a run that is going on never finds half a module.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist');
const made = join(root, `dist.${process.pid}.tmp`);
try {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', made], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the compiler found errors (above)');

  // A process that starts pays for each module it loads. Children: 25 modules cost 20 ms, one CommonJS file 13 ms less.
  const common = { cwd: root, platform: 'node', logLevel: 'warn' };
  // What is imported only where it is needed stays a module by itself, beside the bundle. `import` loads Node's asynchronous loader, which
  // costs a child 5 ms: what is wanted often is one file more, whole, which is required.
  const WANTED = ['calls', 'permits', 'seal', 'sweep'];
  const apart = {
    name: 'apart',
    resolveId: (source, importer, { kind }) => {
      if (kind !== 'dynamic-import' || !source.startsWith('.')) return null;
      const isWanted = WANTED.some((name) => source === `./${name}.js`);
      return { id: join(dirname(importer), isWanted ? source.replace(/js$/, 'cjs') : source), external: 'relative' };
    },
    renderChunk: (code) => ({ code: code.replaceAll(/import\(("\.\/\w+\.cjs")\)/g, 'Promise.resolve().then(() => require($1))') }),
  };
  const own = { ...common, external: [/^[^./]/], plugins: [apart] };
  const at = (file) => join(made, file);
  await build({ ...own, input: at('child/main.js'), output: { file: at('child/main.cjs'), format: 'cjs' } });
  for (const name of WANTED) {
    const output = { file: at(`child/${name}.cjs`), format: 'cjs', codeSplitting: false };
    await build({ ...own, plugins: [], input: at(`child/${name}.js`), output });
  }
  for (const name of ['planner', 'guard']) {
    // Beside what the compiler wrote for the library; the modules it holds are looked up from the same folder.
    await build({ ...own, input: at(`child/${name}.js`), output: { file: at(`child/${name}.js`), format: 'esm' } });
  }
  // The command, its libraries included (execa alone is 130 modules): loading them one by one takes longer than a short run. yargs finds
  // its files beside its own, and is wanted for help only.
  const input = { main: at('cli.js'), 'hash-thread': at('formats/hash-thread.js'), 'early-thread': at('run/early-thread.js') };
  const output = { dir: at('cli'), format: 'esm', chunkFileNames: '[name]-[hash].js' };
  const command = await build({ ...common, external: [/^node:/, 'yargs', 'redis'], input, output });
  writeFileSync(at('cli/LICENSES.txt'), licensesOf(command.output));
  if (process.argv.includes('--clean')) rmSync(target, { recursive: true, force: true });
  for (const file of readdirSync(made, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const from = join(file.parentPath, file.name);
    const to = join(target, from.slice(made.length));
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
} finally {
  rmSync(made, { recursive: true, force: true });
}

/** The licences of all packages that went into a bundle. */
function licensesOf(chunks) {
  const modules = chunks.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []));
  return [...folders].toSorted().map(licenseOf).join('\n');
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `== ${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}`;
}
