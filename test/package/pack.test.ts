import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnvironment, outerPath, root } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardyard-package-'));
const project = join(folder, 'project');
const env = cleanEnvironment([dirname(process.execPath), ...outerPath]);
let files: string[] = [];

/** Runs a command in the user's project. */
function inProject(command: string, ...rest: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(command, rest, { cwd: project, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

const write = (name: string, text: string): void => writeFileSync(join(project, name), text);

// What a user has: a project of its own, with the package installed from its tarball.
beforeAll(() => {
  mkdirSync(project);
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    env,
  });
  const [tarball] = Object.values(JSON.parse(packed) as Record<string, { filename: string; files: { path: string }[] }>);
  files = tarball?.files.map(({ path }) => path) ?? [];
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> };
  write('package.json', JSON.stringify({ name: 'a-user', private: true, type: 'module' }));
  const wanted = [join(folder, tarball?.filename ?? ''), `zod@${devDependencies['zod']}`];
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...wanted], { cwd: project, encoding: 'utf8', env });
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package holds what a user needs and nothing else', () => {
  expect(files.filter((file) => !file.startsWith('dist/')).toSorted()).toEqual([
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin/shardyard.js',
    'package.json',
  ]);
  // Node does not strip types under node_modules.
  expect(files.filter((file) => file.startsWith('dist/') && !/\.(d\.ts|js|cjs)$|^dist\/cli\/LICENSES\.txt$/.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/testing.js', 'dist/cli/main.js', 'dist/child/main.cjs']),
  );
});

describe('in a project that has installed it', () => {
  test('a .ts worker with a schema runs', () => {
    write(
      'lengths.ts',
      `import { defineWorker } from 'shardyard';
       import { z } from 'zod';
       export default defineWorker({
         params: z.object({ times: z.coerce.number().int().default(1) }),
         items: ({ times }) => ['a', 'bb', 'ccc'].map((text) => ({ text: text.repeat(times) })),
         key: ({ text }) => text,
         setup: () => ({ sign: '!' }),
         process: ({ text }, { params, state }) => ({ text, length: text.length, times: params.times, sign: state.sign }),
       });\n`,
    );
    const { status, stderr } = inProject(
      'npx',
      '--no-install',
      'shardyard',
      'run',
      'lengths.ts',
      '--param',
      'times=2',
      '--name',
      'first',
      '-p',
      '2',
      '--progress',
      'none',
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(readFileSync(join(project, 'data/runs/first/lengths.csv'), 'utf8')).toBe(
      'text,length,times,sign\naa,2,2,!\nbbbb,4,2,!\ncccccc,6,2,!\n',
    );
  });

  test('what init writes runs, and its test passes', () => {
    expect(inProject('npx', '--no-install', 'shardyard', 'init', 'generator')).toMatchObject({ status: 0 });
    expect(inProject('node', '--test', 'generator.test.ts')).toMatchObject({ status: 0 });
    expect(inProject('npx', '--no-install', 'shardyard', 'run', '--limit', '3', '--name', 'second', '--progress', 'none')).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(project, 'data/runs/second/generator.csv'), 'utf8')).toBe('item,length\nitem-0,6\nitem-1,6\nitem-2,6\n');
    rmSync(join(project, 'shardyard.yaml'));
  });

  test('the library launches, from JavaScript', () => {
    write('plain.mjs', `export default { items: () => ['x', 'y'], process: (item) => ({ item }) };\n`);
    write(
      'launch.mjs',
      `import { launch } from 'shardyard';
       const types = new Set();
       const handle = launch({ worker: 'plain.mjs', name: 'third', processes: 1 });
       for await (const { type } of handle) types.add(type);
       const { state, rows, exitCode } = await handle.report;
       console.log(JSON.stringify({ state, rows, exitCode, committed: types.has('committed') }));\n`,
    );
    const { stdout, stderr } = inProject('node', 'launch.mjs');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ state: 'done', rows: 2, exitCode: 0, committed: true });
  });

  test('without a worker, it says how to get one', () => {
    const { status, stderr } = inProject('npx', '--no-install', 'shardyard', 'run');
    expect(status).toBe(2);
    expect(stderr).toContain('shardyard init');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('types flow from params, items and setup into process', () => {
    write(
      'types.ts',
      `import { defineWorker, launch, UserError, type Report, type RunEvent } from 'shardyard';
       import { runItem, type RunItemOptions } from 'shardyard/testing';
       import { z } from 'zod';

       type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
       const same = <A, B>(_: Same<A, B>): void => undefined;

       export const worker = defineWorker({
         params: z.object({ years: z.coerce.number().default(10) }),
         items: (params) => (same<typeof params, { years: number }>(true), [{ symbol: 'A', weight: 1 }]),
         key: (item) => (same<typeof item, { symbol: string; weight: number }>(true), item.symbol),
         setup: ({ params }) => (same<typeof params, { years: number }>(true), { table: new Map([['A', params.years]]) }),
         process: (item, { params, state, index, signal }) => {
           same<typeof item, { symbol: string; weight: number }>(true);
           same<typeof params, { years: number }>(true);
           same<typeof state, { table: Map<string, number> }>(true);
           signal satisfies AbortSignal;
           return { symbol: item.symbol, years: state.table.get(item.symbol) ?? params.years, index };
         },
         teardown: (state) => state.table.clear(),
       });

       export const bare = defineWorker({ process: (item) => (same<typeof item, string>(true), { item }) });
       export const streaming = defineWorker({
         items: async function* () { yield 1; },
         process: async function* (item) { same<typeof item, number>(true); yield { item }; },
       });

       // @ts-expect-error an item has no such field
       defineWorker({ items: () => [{ a: 1 }], process: (item) => ({ b: item.b }) });
       // @ts-expect-error nor have the parameters
       defineWorker({ params: z.object({ a: z.string() }), process: (_, { params }) => ({ b: params.b }) });
       // @ts-expect-error without a schema there are none
       defineWorker({ process: (_, { params }) => ({ b: params.b.c }) });
       // @ts-expect-error a row is an object
       defineWorker({ process: () => 5 });

       const options: RunItemOptions = { params: { years: '3' } };
       export const rows = await runItem(worker, { symbol: 'A', weight: 1 }, options);
       // @ts-expect-error not an item of this worker
       await runItem(worker, 'A');

       export async function main(): Promise<Report> {
         const handle = launch({ worker: 'worker.ts', processes: 2 });
         for await (const event of handle) event satisfies RunEvent;
         return handle.report.catch((error: unknown) => {
           if (error instanceof UserError) error.exitCode satisfies number;
           throw error;
         });
       }\n`,
    );
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['types.ts'] }));
    const { status, stdout } = inProject(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
