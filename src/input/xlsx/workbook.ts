import { posix } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { readSharedStrings } from './shared-strings.ts';
import { readDateStyles } from './styles.ts';
import { parseAll } from './xml.ts';
import { notAWorkbook, openZip, type Zip } from './zip.ts';

/** What all sheets of a workbook share. */
export interface CellContext {
  readonly strings: readonly string[];
  /** By number of style: whether it shows a date. */
  readonly dates: readonly boolean[];
  /** Days count from 1904 instead of 1900. */
  readonly since1904: boolean;
}

/** An open workbook. */
export interface Workbook {
  readonly file: string;
  /** Names of its worksheets, in order. */
  readonly sheets: readonly string[];
  /** What the cells refer to; read when it is first asked for. */
  context(): Promise<CellContext>;
  /** The XML of a worksheet. */
  sheet(name: string): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

/** Opens a workbook and reads the list of its sheets. Throws a `UserError` that names the file. */
export async function openWorkbook(file: string): Promise<Workbook> {
  const zip = await openZip(file);
  try {
    const root = (await relationsOf(zip, '')).find(({ type }) => type === 'officeDocument')?.target ?? 'xl/workbook.xml';
    if (!zip.has(root)) throw new Error(`it has no ${root}`);
    const relations = await relationsOf(zip, root);
    const { sheets, since1904 } = await readWorkbook(zip, root);
    const targets = new Map<string, string>();
    for (const { name, id } of sheets) {
      const relation = relations.find((one) => one.id === id);
      if (relation?.type === 'worksheet') targets.set(name, relation.target);
    }
    const partOf = (type: string): string | undefined => relations.find((one) => one.type === type)?.target;
    let context: Promise<CellContext> | undefined;
    return {
      file,
      sheets: [...targets.keys()],
      context: () => (context ??= readContext(zip, { strings: partOf('sharedStrings'), styles: partOf('styles'), since1904 })),
      async sheet(name) {
        const target = targets.get(name);
        if (target !== undefined) return zip.read(target);
        throw new UserError(`has no sheet ${JSON.stringify(name)}`, { place: { file }, hint: `it has ${[...targets.keys()].join(', ')}` });
      },
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw notAWorkbook(file, error);
  }
}

interface Relation {
  readonly id: string;
  /** The last word of its type: `worksheet`, `styles`. */
  readonly type: string;
  /** Name in the archive. */
  readonly target: string;
}

async function relationsOf(zip: Zip, part: string): Promise<readonly Relation[]> {
  const folder = posix.dirname(part);
  const name = posix.join(folder, '_rels', `${posix.basename(part)}.rels`);
  const relations: Relation[] = [];
  if (!zip.has(name)) return relations;
  await parseAll(await zip.read(name), {
    open(tag, { Id: id = '', Type: type = '', Target: target = '' }) {
      if (tag !== 'Relationship') return;
      const path = target.startsWith('/') ? target : posix.join('/', folder, target);
      relations.push({ id, type: type.slice(type.lastIndexOf('/') + 1), target: path.slice(1) });
    },
    close() {},
    text() {},
  });
  return relations;
}

async function readWorkbook(
  zip: Zip,
  part: string,
): Promise<{ readonly sheets: readonly { readonly name: string; readonly id: string }[]; readonly since1904: boolean }> {
  const sheets: { name: string; id: string }[] = [];
  let since1904 = false;
  await parseAll(await zip.read(part), {
    open(tag, attributes) {
      if (tag === 'workbookPr') since1904 = /^(1|true)$/.test(attributes['date1904'] ?? '');
      // The prefix of the id is up to who wrote it; its name is not.
      if (tag !== 'sheet') return;
      const [, id = ''] = Object.entries(attributes).find(([name]) => name.endsWith(':id')) ?? [];
      sheets.push({ name: attributes['name'] ?? '', id });
    },
    close() {},
    text() {},
  });
  return { sheets, since1904 };
}

async function readContext(
  zip: Zip,
  {
    strings,
    styles,
    since1904,
  }: { readonly strings: string | undefined; readonly styles: string | undefined; readonly since1904: boolean },
): Promise<CellContext> {
  return {
    strings: strings !== undefined && zip.has(strings) ? await readSharedStrings(await zip.read(strings)) : [],
    dates: styles !== undefined && zip.has(styles) ? await readDateStyles(await zip.read(styles)) : [],
    since1904,
  };
}
