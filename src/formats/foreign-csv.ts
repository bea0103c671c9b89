import { isUtf8 } from 'node:buffer';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const PIECE = 1 << 18;
/** A row that grows beyond this has a quote that nothing closes. */
const LONGEST_ROW = 64 << 20;

const JSON_INSTEAD = 'this looks like JSON, not like CSV (--collect-as json)';

/** What the rows of a file are handed to. */
export interface CsvTarget {
  /** The names in the first row. Gives the fields of every row, by number, in the order wanted; `undefined`: as they are. */
  header(names: readonly string[]): readonly number[] | undefined;
  /** Whole rows, each with its line feed; the bytes are valid until it returns. */
  rows(bytes: Uint8Array): void;
  /** What every row is to begin with: fields, each with its comma. */
  readonly lead?: string;
  /** Wanted for every row before it is handed over by itself: the text in this column. */
  readonly watch?: { readonly column: string; next(text: string): void };
}

/**
 * Reads CSV that somebody else wrote: quotes, line breaks within them, CR LF, a byte order mark, blank lines and a missing last line feed are
 * seen to; fields stay as they are, with their quotes. Every row must have as many fields as the header. Takes the bytes in pieces of any
 * size; holds one of them and a row. Throws an `Error` that says what is wrong and in which line.
 *
 * Own code: it looks at every byte of an output, and papaparse takes 30 times as long.
 */
export class ForeignCsv {
  readonly #target: CsvTarget;
  readonly #lead: Buffer;
  #buffer = Buffer.allocUnsafe(2 * PIECE);
  #filled = 0;
  /** How far it has been read; the row under way begins at 0 whenever a piece comes. */
  #at = 0;
  #inQuotes = false;
  /** Where the fields of the row under way end, counted from its beginning. */
  #ends = new Int32Array(64);
  #fields = 0;
  /** Whether one of them has a quote that is none. */
  #hasBare = false;
  #columns = -1;
  #watched = -1;
  #order: readonly number[] | undefined;
  #scratch = Buffer.alloc(0);
  #isFirst = true;
  #rows = 0;
  #line = 1;
  #rowLine = 1;

  constructor(target: CsvTarget) {
    this.#target = target;
    this.#lead = Buffer.from(target.lead ?? '');
  }

  /** Rows so far, without the header. */
  get count(): number {
    return this.#rows;
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += PIECE) this.#take(chunk.subarray(from, from + PIECE), false);
  }

  /** The file is over; its last row may lack its line feed. */
  end(): void {
    this.#take(new Uint8Array(0), true);
    if (this.#inQuotes) throw this.#wrong('a quote is never closed, the file is torn');
    if (this.#filled > 0) this.#take(Uint8Array.of(LF), true);
  }

  #take(bytes: Uint8Array, isLast: boolean): void {
    if (this.#filled + bytes.length > this.#buffer.length) {
      if (this.#filled > LONGEST_ROW) throw this.#wrong('the row has no end, so a quote is never closed');
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#filled + bytes.length));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
    if (this.#isFirst) {
      if (this.#filled < 3 && !isLast) return;
      this.#isFirst = false;
      if (this.#filled >= 3 && this.#buffer.readUIntBE(0, 3) === 0xefbbbf) {
        this.#buffer.copyWithin(0, 3, this.#filled);
        this.#filled -= 3;
      }
    }
    const rest = this.#scan(isLast);
    this.#buffer.copyWithin(0, rest, this.#filled);
    this.#filled -= rest;
    this.#at -= rest;
  }

  /** Reads what is in the buffer and hands over the rows that are complete; gives where the next one begins. */
  #scan(isLast: boolean): number {
    const buffer = this.#buffer;
    const end = this.#filled;
    // In variables of its own, as this loop sees every byte.
    let ends = this.#ends;
    let fields = this.#fields;
    let at = this.#at;
    let row = 0;
    /** Rows from here on are not handed over yet. */
    let from = 0;
    while (at < end) {
      if (this.#inQuotes) {
        const found = buffer.indexOf(QUOTE, at);
        const close = found < 0 || found > end ? end : found;
        for (let feed = buffer.indexOf(LF, at); feed >= 0 && feed < close; feed = buffer.indexOf(LF, feed + 1)) this.#line++;
        at = close;
        // What follows a quote says whether it closes; it may come with the next piece.
        if (close === end || (close + 1 === end && !isLast)) break;
        const next = close + 1 === end ? LF : buffer[close + 1];
        at = close + (next === QUOTE ? 2 : 1);
        this.#inQuotes = next === QUOTE;
        if (next !== QUOTE && next !== COMMA && next !== LF && next !== CR) throw this.#wrong('something follows a closing quote');
        continue;
      }
      const byte = buffer[at] ?? 0;
      if (byte > COMMA) at++;
      else if (byte === COMMA) {
        if (fields === ends.length) ends = this.#grow();
        ends[fields++] = at++ - row;
      } else if (byte === QUOTE) {
        // One within a field that does not begin with one means itself, as other readers have it; our own rows quote such a field.
        if (at - row === (fields === 0 ? 0 : (ends[fields - 1] ?? 0) + 1)) this.#inQuotes = true;
        else this.#hasBare = true;
        at++;
      } else if (byte === LF || byte === CR) {
        if (byte === CR && at + 1 === end && !isLast) break;
        if (byte === CR && at + 1 < end && buffer[at + 1] !== LF) throw this.#wrong('there is a carriage return without a line feed');
        const next = byte === CR && at + 1 < end ? at + 2 : at + 1;
        const isBlank = fields === 0 && at === row;
        const isHeader = !isBlank && this.#columns < 0;
        buffer[at] = LF;
        if (fields === ends.length) ends = this.#grow();
        ends[fields++] = at - row;
        this.#fields = fields;
        if (!isBlank) this.#endRow(row, at);
        const isPlain =
          !isBlank && !isHeader && next === at + 1 && this.#watched < 0 && !this.#order && !this.#hasBare && this.#lead.length === 0;
        if (!isPlain) {
          if (from < row) this.#target.rows(this.#checked(from, row));
          if (!isBlank && !isHeader) this.#hand(row, at + 1);
          from = next;
        }
        fields = 0;
        this.#hasBare = false;
        this.#rowLine = ++this.#line;
        row = at = next;
      } else at++;
    }
    this.#at = at;
    this.#fields = fields;
    if (from < row) this.#target.rows(this.#checked(from, row));
    return row;
  }

  /** Room for the ends of more fields. */
  #grow(): Int32Array<ArrayBuffer> {
    const larger = new Int32Array(this.#ends.length * 2);
    larger.set(this.#ends);
    this.#ends = larger;
    return larger;
  }

  #endRow(row: number, end: number): void {
    if (this.#columns < 0) return this.#readHeader(row, end);
    if (this.#fields !== this.#columns) {
      throw this.#wrong(`the row has ${this.#fields} ${this.#fields === 1 ? 'field' : 'fields'}, the header has ${this.#columns}`);
    }
    this.#rows++;
  }

  #readHeader(row: number, end: number): void {
    this.#checked(row, end);
    const names = Array.from({ length: this.#fields }, (_, field) => this.#text(row, field));
    const [only = ''] = names;
    if (names.length === 1 && /[;\t]/.test(only)) {
      throw this.#wrong(`the columns seem to be separated by ${only.includes(';') ? 'semicolons' : 'tabs'}, not by commas`);
    }
    if (/^\s*[[{]/.test(only)) throw this.#wrong(JSON_INSTEAD);
    if (only.includes('\0')) throw this.#wrong('there is a NUL character: is this UTF-16?');
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice !== undefined) throw this.#wrong(`two columns are named ${JSON.stringify(twice)}`);
    this.#columns = this.#fields;
    const { watch } = this.#target;
    if (watch) this.#watched = names.indexOf(watch.column);
    if (watch && this.#watched < 0) throw this.#wrong(`there is no column ${JSON.stringify(watch.column)} in ${names.join(',')}`);
    this.#order = this.#target.header(names);
  }

  /** Hands over one row by itself. */
  #hand(row: number, end: number): void {
    if (this.#watched >= 0) this.#target.watch?.next(this.#text(row, this.#watched));
    const bytes = this.#checked(row, end);
    this.#target.rows(this.#order || this.#hasBare || this.#lead.length > 0 ? this.#rebuilt(row, bytes.length) : bytes);
  }

  /** A row with its fields in the order wanted, and quoted where that is missing. */
  #rebuilt(row: number, length: number): Uint8Array {
    if (this.#scratch.length < this.#lead.length + length * 2) this.#scratch = Buffer.allocUnsafe(this.#lead.length + length * 4);
    let at = this.#lead.copy(this.#scratch);
    for (let place = 0; place < this.#columns; place++) {
      if (place > 0) this.#scratch[at++] = COMMA;
      const field = this.#order?.[place] ?? place;
      const bytes = this.#buffer.subarray(row + this.#start(field), row + (this.#ends[field] ?? 0));
      if (bytes[0] === QUOTE || !this.#hasBare || !bytes.includes(QUOTE)) at += bytes.copy(this.#scratch, at);
      else at += this.#scratch.write(`"${bytes.toString('utf8').replaceAll('"', '""')}"`, at);
    }
    this.#scratch[at++] = LF;
    return this.#scratch.subarray(0, at);
  }

  #start(field: number): number {
    return field === 0 ? 0 : (this.#ends[field - 1] ?? 0) + 1;
  }

  /** A field of the row at `row`, without its quotes. */
  #text(row: number, field: number): string {
    const text = this.#buffer.toString('utf8', row + this.#start(field), row + (this.#ends[field] ?? 0));
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  }

  #checked(from: number, to: number): Uint8Array {
    const bytes = this.#buffer.subarray(from, to);
    if (!isUtf8(bytes)) throw this.#wrong('this line, or one before it, is not valid UTF-8');
    return bytes;
  }

  #wrong(what: string): Error {
    return new Error(`line ${this.#rowLine}: ${what}`);
  }
}
