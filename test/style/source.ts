import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

const root = join(import.meta.dirname, '../..');

/** What one file imports. `target` is a path from the root for our own files, else the name of a package or of a part of Node. */
export interface Import {
  readonly target: string;
  readonly isOwn: boolean;
  /** Types only: gone when it runs. */
  readonly isType: boolean;
  /** Loaded when the code comes to it, not before. */
  readonly isLazy: boolean;
}

/** A source file, as a parser sees it. */
export interface Source {
  /** From the root: `src/core/plan.ts`. */
  readonly file: string;
  /** `core`, or for a file directly in src its name: `cli.ts`. */
  readonly folder: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** The types of its syntax nodes; and what it calls or asks for something, such as `fetch`, `process` and `Date.now`. */
  readonly nodes: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  /** Whether it says `new Date()`. */
  readonly hasNow: boolean;
}

/** All files of src. */
export function readSources(): Source[] {
  return globSync('src/**/*.ts', { cwd: root }).toSorted().map(readSource);
}

function readSource(file: string): Source {
  const text = readFileSync(join(root, file), 'utf8');
  const imports: Import[] = [];
  const nodes = new Set<string>();
  const names = new Set<string>();
  let hasNow = false;
  visit(parseAst(text, { lang: 'ts' }, file), (node) => {
    nodes.add(String(node['type']));
    const found = importOf(file, node);
    if (found) imports.push(found);
    if (node['type'] === 'NewExpression' && nameOf(node['callee']) === 'Date' && isEmpty(node['arguments'])) hasNow = true;
    if (node['type'] === 'CallExpression' || node['type'] === 'NewExpression') names.add(nameOf(node['callee']));
    if (node['type'] === 'MemberExpression') {
      names.add(nameOf(node['object']));
      names.add(`${nameOf(node['object'])}.${nameOf(node['property'])}`);
    }
  });
  const [, folder = ''] = file.split('/');
  return { file, folder, lines: text.split('\n').length - 1, imports, nodes, names, hasNow };
}

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const nameOf = (value: unknown): string => (isNode(value) && typeof value['name'] === 'string' ? value['name'] : '');

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) return value.forEach((one) => visit(one, see));
  if (!isNode(value)) return;
  if (typeof value['type'] === 'string') see(value);
  for (const part of Object.values(value)) visit(part, see);
}

const LAZY = new Set(['ImportExpression']);
const IMPORTS = new Set(['ImportDeclaration', 'ExportAllDeclaration', 'ExportNamedDeclaration', 'ImportExpression', 'TSImportType']);

function importOf(file: string, node: Node): Import | undefined {
  const { type, source } = node;
  if (typeof type !== 'string' || !IMPORTS.has(type) || !isNode(source) || typeof source['value'] !== 'string') return undefined;
  const name = source['value'];
  const isOwn = name.startsWith('.');
  const target = isOwn ? posix.join(dirname(file), name) : name.startsWith('node:') ? name : packageOf(name);
  const isType = node['importKind'] === 'type' || node['exportKind'] === 'type' || type === 'TSImportType';
  return { target, isOwn, isType, isLazy: LAZY.has(type) };
}

/** `a/b` is a part of `a`, `@a/b/c` one of `@a/b`. */
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
