import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { UserError } from '../core/errors.ts';
import { suggest } from '../core/nearest.ts';
import { FILE_OPTIONS } from './option-lists.ts';
import type { Document, Node } from 'yaml';
import type { Place } from '../core/errors.ts';
import type { Option } from './option.ts';
import type { Given, Source } from './sources.ts';

const BY_KEY = new Map(FILE_OPTIONS.flatMap((option) => keysOf(option).map((key) => [key, option] as const)));

/**
 * What a YAML file says: a mapping of options, each by the name of its flag (`batch-size` or `batchSize`). Scalars are
 * taken as they are written, so that `name: 007` stays `007`; only `params` get YAML's types. `file` is for messages.
 * Throws a `UserError` with line and column for what is not YAML, unknown or given twice.
 */
export function readConfig(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number | undefined): Place => {
    if (offset === undefined) return { file };
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const [broken] = document.errors;
  if (broken) throw new UserError(`this is not YAML: ${broken.message}`, { place: placeAt(broken.pos[0]), hint: 'mend the file' });

  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return new Map();
  if (!isMap<Node, Node | null>(contents))
    throw new UserError('must be a mapping of options', { place: placeAt(contents.range?.[0]), hint: 'write lines such as "shards: 8"' });

  const source = new Map<Option, Given>();
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? (key.source ?? String(key.value)) : String(key);
    const option = BY_KEY.get(name);
    if (!option) {
      const hint = suggest(name, BY_KEY.keys()) ?? 'see shardyard run --help for the options';
      throw new UserError(`${name}: no such option`, { place: placeAt(key.range?.[0]), hint });
    }
    const place = placeAt(value?.range?.[0] ?? key.range?.[0]);
    const fail = (message: string, hint: string): UserError => new UserError(`${name}: ${message}`, { place, hint });
    if (source.has(option)) throw fail('is given twice', `give it once, as ${option.plural ?? option.flag}`);
    source.set(option, { name, place, value: valueOf(option, value, document, fail) });
  }
  return source;
}

type Fail = (message: string, hint: string) => UserError;

function valueOf(option: Option, node: Node | null, document: Document, fail: Fail): Given['value'] {
  const value = isAlias(node) ? node.resolve(document) : node;
  if (isAlias(node) && value === undefined)
    throw fail(`refers to *${node.source}, which is not there`, 'define it above, or write the value');
  if (option.kind === 'pairs' || option.kind === 'grid') {
    if (isMap(value)) return paramsOf(value, document, fail);
    throw fail(
      'must be a mapping',
      `write the parameters below it, such as "${option.kind === 'grid' ? 'refill: [60, 180]' : 'yearsBack: 10'}"`,
    );
  }
  if (option.kind === 'list' && isSeq(value)) return value.items.map((item) => textOf(isAlias(item) ? item.resolve(document) : item, fail));
  return textOf(value, fail);
}

function textOf(node: unknown, fail: Fail): string {
  if (!isScalar(node)) throw fail('must be one value', 'write one value');
  const text = node.source ?? String(node.value);
  if (text === '' || node.value === null) throw fail('has no value', 'give it one, or remove the line');
  return text;
}

function paramsOf(node: Node, document: Document, fail: Fail): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = node.toJS(document, { maxAliasCount: 100 });
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), 'use fewer aliases');
  }
  throw fail('must be a mapping', 'write the parameters below it');
}

function keysOf(option: Option): string[] {
  const names = option.plural === undefined ? [option.flag] : [option.plural, option.flag];
  return [...new Set(names.flatMap((name) => [name, name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]))];
}
