import type { Writable } from 'node:stream';

/** A stream such as `process.stderr`. What a terminal has on top is missing when it is a file or a pipe. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  hasColors?(): boolean;
}

/** Writes text to a stream that may go away. */
export type Sink = (text: string) => void;

/**
 * A sink for a stream. When its reader is gone (`shardyard run … | head`, a closed terminal), nothing more is written and the
 * run goes on: who looks at a run must not be able to end it.
 */
export function createSink(stream: Output): Sink {
  let gone = false;
  stream.on('error', () => {
    gone = true;
  });
  return (text) => {
    if (!gone) stream.write(text);
  };
}
