import { describe, expect, test } from 'vitest';
import { readSources } from './source.ts';

/**
 * What each folder may import: our own folders (or files directly in src), and packages. Downward only, types included. Who needs
 * another one adds it here, and in ARCHITECTURE.md says why.
 */
const MAY_IMPORT: Readonly<Record<string, { readonly own: readonly string[]; readonly packages: readonly string[] }>> = {
  core: { own: [], packages: ['@standard-schema/spec'] },
  store: { own: ['core'], packages: ['redis'] },
  input: { own: ['core'], packages: ['hyparquet', 'papaparse', 'saxes', 'yauzl'] },
  formats: { own: ['core'], packages: ['ajv', 'hyparquet', 'hyparquet-writer', 'papaparse'] },
  // What a child claims of its part (a type of store) is what it tells the parent.
  ipc: { own: ['core', 'store'], packages: [] },
  // Runs in the forked process: whatever is loaded here is paid for at every recycle.
  child: { own: ['core', 'formats', 'input', 'ipc', 'store'], packages: ['@standard-schema/spec', 'p-retry'] },
  // What `shardyard convert` runs in its children, and what `shardyard/parquet` writes with.
  convert: { own: ['core', 'formats', 'input', 'store'], packages: ['@standard-schema/spec'] },
  executors: { own: ['core', 'ipc', 'store'], packages: ['execa'] },
  services: { own: ['core', 'ipc', 'store'], packages: ['redis'] },
  reporters: { own: ['core'], packages: ['chalk', 'log-update'] },
  run: { own: ['core', 'executors', 'formats', 'input', 'ipc', 'services', 'store'], packages: ['execa', 'pidusage'] },
  'index.ts': { own: ['core', 'run'], packages: [] },
  'testing.ts': { own: ['child', 'core', 'formats'], packages: ['@standard-schema/spec'] },
  'xlsx.ts': { own: ['core', 'input'], packages: [] },
  'parquet.ts': { own: ['convert', 'core', 'input'], packages: [] },
  commands: { own: ['core', 'index.ts', 'reporters', 'run'], packages: ['chalk', 'yaml', 'yargs', 'yargs-parser'] },
  'cli.ts': { own: ['commands', 'core'], packages: [] },
};

const sources = readSources();
const byFile = new Map(sources.map((source) => [source.file, source]));
const folderOf = (file: string): string => file.split('/')[1] ?? '';

test('every folder is in the table, and nothing is in it that is not there', () => {
  const folders = new Set(sources.map(({ folder }) => folder));
  expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  expect(Object.keys(MAY_IMPORT).filter((folder) => !folders.has(folder))).toEqual([]);
});

test('every import is allowed', () => {
  const stray = sources.flatMap(({ file, folder, imports }) =>
    imports
      .filter(({ target, isOwn }) => {
        const { own, packages } = MAY_IMPORT[folder] ?? { own: [], packages: [] };
        if (isOwn) return folderOf(target) !== folder && !own.includes(folderOf(target));
        return folder === 'core' || !target.startsWith('node:') ? !packages.includes(target) : false;
      })
      .map(({ target }) => `${file} imports ${target}`),
  );
  expect(stray).toEqual([]);
});

test('the table goes downward', () => {
  const seen = new Set<string>();
  const path: string[] = [];
  const visit = (folder: string): void => {
    expect(path, `a cycle: ${[...path, folder].join(' → ')}`).not.toContain(folder);
    if (seen.has(folder)) return;
    path.push(folder);
    for (const below of MAY_IMPORT[folder]?.own ?? []) visit(below);
    path.pop();
    seen.add(folder);
  };
  for (const folder of Object.keys(MAY_IMPORT)) visit(folder);
});

test('our own imports name a file that is there', () => {
  const missing = sources.flatMap(({ file, imports }) =>
    imports.filter(({ target, isOwn }) => isOwn && !byFile.has(target)).map(({ target }) => `${file}: ${target}`),
  );
  expect(missing).toEqual([]);
});

// What is imported when it is needed does not count: that is how the table of commands loads them one at a time.
test('no file imports itself by way of others, types included', () => {
  const state = new Map<string, 'open' | 'closed'>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'open') cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (state.has(file)) return;
    state.set(file, 'open');
    for (const { target, isOwn, isLazy } of byFile.get(file)?.imports ?? []) if (isOwn && !isLazy) visit(target, [...path, file]);
    state.set(file, 'closed');
  };
  for (const { file } of sources) visit(file, []);
  expect(cycles).toEqual([]);
});

/** Packages and parts of Node that are loaded with a file, whatever it then does. */
function loaded(entry: string, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  if (seen.has(entry)) return found;
  seen.add(entry);
  for (const { target, isOwn, isType, isLazy } of byFile.get(entry)?.imports ?? []) {
    if (isType || isLazy) continue;
    if (!isOwn) found.add(target);
    else for (const below of loaded(target, seen)) found.add(below);
  }
  return found;
}

const packages = (entry: string): string[] => [...loaded(entry)].filter((name) => !name.startsWith('node:'));

describe('what is loaded at once', () => {
  // execa costs 130 ms, yargs 100 ms: a child that is retired every few items must not pay for them.
  test.each(['src/child/main.ts', 'src/child/guard.ts', 'src/child/planner.ts'])('no package with %s', (entry) => {
    expect(packages(entry)).toEqual([]);
  });

  test('no package with the library, which every worker imports', () => {
    expect(packages('src/index.ts')).toEqual([]);
  });

  test('a child does not load what it rarely needs', () => {
    for (const heavy of ['node:sqlite', 'node:zlib', 'node:crypto', 'node:worker_threads', 'node:child_process']) {
      expect([...loaded('src/child/main.ts')]).not.toContain(heavy);
    }
  });
});

describe('core is pure', () => {
  const core = sources.filter(({ folder }) => folder === 'core');
  const impure = [
    'Date.now',
    'Math.random',
    'performance',
    'process',
    'console',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'fetch',
    'globalThis',
    'crypto',
    'Buffer',
  ];

  test.each(impure)('no %s', (name) => {
    expect(core.filter(({ names }) => names.has(name)).map(({ file }) => file)).toEqual([]);
  });

  test('no date without a time', () => {
    expect(core.filter(({ hasNow }) => hasNow).map(({ file }) => file)).toEqual([]);
  });
});
