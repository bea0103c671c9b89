/** What was written to a file: its length, and the hash of all of it. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Where bytes go. One call at a time: the next one waits until what the last one returned has settled. */
export interface Sink {
  /** The chunk belongs to the caller again when this has returned or resolved. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Writes what is left, syncs and closes. */
  finish(): Promise<Digest>;
  /** Closes, and deletes the file; possible at any time, also after an error. */
  abort(): Promise<void>;
}

/** A sink that is a file: its writes are over when they return. */
export interface FileSink extends Sink {
  write(chunk: Uint8Array): void;
}

/** Turns the rows of one format into another. A border between two chunks may be anywhere. What is returned is valid until the next call. */
export interface Converter {
  /** What the output begins with. */
  start(): Uint8Array;
  convert(chunk: Uint8Array): Uint8Array;
  /** The last row where its line end is missing, and what the output ends with. */
  end(): Uint8Array;
}

export const NOTHING: Uint8Array = new Uint8Array(0);
