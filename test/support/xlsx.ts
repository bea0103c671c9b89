import { strToU8, zipSync } from 'fflate';

/** A workbook from the XML between its tags; what is left out is not in the archive. */
export interface WorkbookParts {
  /** Name of a sheet to the rows in it. */
  readonly sheets: Readonly<Record<string, string>>;
  readonly strings?: string;
  readonly styles?: string;
  readonly properties?: string;
  /** Files to add or to replace. */
  readonly more?: Readonly<Record<string, string>>;
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

const attribute = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
const relations = (all: readonly (readonly [id: string, type: string, target: string])[]): string =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all
    .map(([id, type, target]) => `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;

/** The bytes of a workbook, as Excel would lay it out. */
export function workbook({ sheets, strings, styles, properties = '', more = {} }: WorkbookParts): Uint8Array {
  const names = Object.keys(sheets);
  const list = names.map((name, at) => `<sheet name="${attribute(name)}" sheetId="${at + 1}" r:id="rId${at}"/>`).join('');
  const files: Record<string, string> = {
    '_rels/.rels': relations([['rId1', 'officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': `<?xml version="1.0"?><workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}">${properties}<sheets>${list}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations([
      // One of them as some programs write it: from the root of the archive.
      ...names.map((_, at) => [`rId${at}`, 'worksheet', `${at % 2 ? '/xl/' : ''}worksheets/sheet${at}.xml`] as const),
      ['s', 'sharedStrings', 'sharedStrings.xml'],
      ['t', 'styles', 'styles.xml'],
    ]),
    ...Object.fromEntries(
      Object.values(sheets).map((rows, at) => [
        `xl/worksheets/sheet${at}.xml`,
        `<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData></worksheet>`,
      ]),
    ),
    ...(strings === undefined ? {} : { 'xl/sharedStrings.xml': `<sst xmlns="${MAIN}">${strings}</sst>` }),
    ...(styles === undefined ? {} : { 'xl/styles.xml': `<styleSheet xmlns="${MAIN}">${styles}</styleSheet>` }),
    ...more,
  };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
}

/** A row of texts and numbers. */
export function row(number: number, cells: readonly (string | number)[]): string {
  const xml = cells.map((cell, at) => {
    const at26 = `${String.fromCharCode(65 + at)}${number}`;
    if (typeof cell === 'number') return `<c r="${at26}"><v>${cell}</v></c>`;
    return `<c r="${at26}" t="inlineStr"><is><t>${attribute(cell)}</t></is></c>`;
  });
  return `<row r="${number}">${xml.join('')}</row>`;
}
