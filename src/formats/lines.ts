import { StringDecoder } from 'node:string_decoder';

/** Cuts bytes into lines of text, wherever the borders between chunks are. */
export interface Lines {
  /** The lines that are complete now, without their line feeds. */
  push(chunk: Uint8Array): string[];
  /** The last line, where its line feed is missing; else nothing. */
  end(): string[];
}

/** Lines of UTF-8 end with a line feed. Holds back what follows the last one. */
export function createLines(): Lines {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      return lines;
    },
    end() {
      const last = rest + decoder.end();
      rest = '';
      return last === '' ? [] : [last];
    },
  };
}
