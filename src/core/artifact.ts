/** A file of its own that an item has made, as its ledger line, the journal and the meta file list it. */
export interface Artifact {
  /** Position of the item in its plan. */
  readonly index: number;
  readonly key: string;
  /** Path within the run's folder of artifacts. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an item has made, before it is known whose it is. */
export type Made = Omit<Artifact, 'index' | 'key'>;

const LONGEST_NAME = 255;
const LONGEST_PATH = 1024;

/** What is wrong with the name of an artifact, if anything: it must be a path that stays within its folder. */
export function nameFault(name: unknown): string | undefined {
  if (typeof name !== 'string') return `its name is ${name === null ? 'null' : `a ${typeof name}`}, not a text`;
  if (name === '') return 'its name is empty';
  if (name.startsWith('/')) return 'its name is an absolute path';
  // oxlint-disable-next-line no-control-regex -- these are what a path must not have
  if (/[\u0000-\u001f\\]/.test(name)) return 'its name has a backslash or a control character';
  if (!name.isWellFormed()) return 'its name has half a character';
  if (name.length > LONGEST_PATH) return `its name is longer than ${LONGEST_PATH} characters`;
  for (const part of name.split('/')) {
    if (part === '') return 'its name has two slashes in a row, or one at its end';
    if (part === '.' || part === '..') return `its name has ${JSON.stringify(part)} in it`;
    if (part.length > LONGEST_NAME) return `a part of its name is longer than ${LONGEST_NAME} characters`;
  }
  return undefined;
}

/** The folders that a name is in, the outermost first: `a/b/c` is in `a` and `a/b`. */
export function foldersOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
