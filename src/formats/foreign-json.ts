/** What the rows of a file are handed to: the text of each, on one line, and what it says. */
export type JsonTarget = (text: string, row: Readonly<Record<string, unknown>>) => void;

/** An object that grows beyond this, in UTF-16 units, is none. */
const LONGEST_ROW = 64 << 20;
const TELLING = /["[\]{},]/g;

/**
 * Reads rows that somebody else wrote as JSON: an array of objects, or an object a line. Their text stays as it is but for line breaks between
 * its parts. Takes the bytes in pieces of any size; holds one of them and a row. Throws an `Error` that says what is wrong and in which row.
 */
export class ForeignJson {
  readonly #target: JsonTarget;
  /** Also takes a byte order mark away. */
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #kind: 'unknown' | 'lines' | 'array' | 'over' = 'unknown';
  /** What has not become a row yet, and how far it has been looked at. */
  #rest = '';
  #at = 0;
  #depth = 0;
  #inString = false;
  #count = 0;
  #isAfterComma = false;

  constructor(target: JsonTarget) {
    this.#target = target;
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  push(chunk: Uint8Array): void {
    this.#take(this.#decode(chunk, true));
  }

  end(): void {
    this.#take(this.#decode(undefined, false));
    if (this.#kind === 'array') throw this.#wrong('the array has no end, the file is torn');
    if (this.#kind === 'lines' && this.#rest.trim() !== '') this.#row(this.#rest);
    if (this.#kind === 'unknown' && this.#rest.trim() !== '') throw this.#wrong('neither an array nor an object');
  }

  #decode(chunk: Uint8Array | undefined, stream: boolean): string {
    try {
      return this.#decoder.decode(chunk, { stream });
    } catch {
      throw this.#wrong('not valid UTF-8');
    }
  }

  #take(text: string): void {
    this.#rest += text;
    if (this.#kind === 'unknown') {
      this.#rest = this.#rest.trimStart();
      const [first] = this.#rest;
      if (first === undefined) return;
      if (first !== '[' && first !== '{') throw this.#wrong('neither an array nor an object');
      this.#kind = first === '[' ? 'array' : 'lines';
      if (first === '[') this.#rest = this.#rest.slice(1);
    }
    if (this.#kind === 'lines') this.#takeLines();
    else if (this.#kind === 'array') this.#takeElements();
    if (this.#kind === 'over' && this.#rest.trim() !== '') throw this.#wrong('something follows the array');
    if (this.#rest.length > LONGEST_ROW) throw this.#wrong('the row has no end');
  }

  #takeLines(): void {
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#row(line);
  }

  #takeElements(): void {
    let start = 0;
    let at = this.#at;
    const text = this.#rest;
    while (at < text.length) {
      if (this.#inString) {
        const close = text.indexOf('"', at);
        if (close < 0) {
          // A backslash at the very end may escape what comes next: look at the tail again.
          at = text.length;
          break;
        }
        at = close + 1;
        this.#inString = isEscaped(text, close);
        continue;
      }
      TELLING.lastIndex = at;
      const found = TELLING.exec(text);
      if (!found) {
        at = text.length;
        break;
      }
      at = found.index + 1;
      const [char] = found;
      if (char === '"') this.#inString = true;
      else if (char === '[' || char === '{') this.#depth++;
      else if (char === '}' || (char === ']' && this.#depth > 0)) this.#depth--;
      else if (this.#depth === 0) {
        const element = text.slice(start, found.index);
        if (char === ',' || this.#isAfterComma || element.trim() !== '') this.#row(element);
        this.#isAfterComma = char === ',';
        start = at;
        if (char === ']') {
          this.#kind = 'over';
          break;
        }
      }
    }
    this.#rest = text.slice(start);
    this.#at = at - start;
  }

  #row(text: string): void {
    this.#count++;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw this.#wrong(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#wrong('not an object');
    // Within JSON, a line break can only be blank space between two parts.
    this.#target(text.trim().replace(/[\r\n]\s*/g, ''), value as Readonly<Record<string, unknown>>);
  }

  #wrong(what: string): Error {
    return new Error(`row ${Math.max(1, this.#count)}: ${what}`);
  }
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
