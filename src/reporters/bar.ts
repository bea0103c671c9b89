import type { ChalkInstance } from 'chalk';
import type { createLogUpdate } from 'log-update';
import { unreachable } from '../core/errors.ts';
import type { Reporter } from '../core/handle.ts';
import type { Snapshot } from '../core/report.ts';
import type { Clock } from './clock.ts';
import { createFlood } from './flood.ts';
import { frame, type Room } from './frame.ts';
import type { Notice } from './notice.ts';
import { createNotices, moreOf } from './notices.ts';
import type { Output } from './sink.ts';
import { widthOf, wrap } from './text.ts';

/** Often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 200;
const FLOOD_WINDOW_MS = 1000;
/** Until it is known how large the terminal is. */
const USUAL = { columns: 80, rows: 24 };

type LogUpdate = ReturnType<typeof createLogUpdate>;

/**
 * Draws the run in place at the bottom of a terminal. What happened is printed above, for good; it is collected and printed with
 * the next frame, so that however much happens, the terminal is written to five times a second.
 */
export function barReporter(stream: Output, source: { snapshot(): Snapshot }, chalk: ChalkInstance, clock: Clock): Reporter {
  const notices = createNotices(() => source.snapshot().run);
  const flood = createFlood<Notice['kind']>();
  let above: string[] = [];
  let drawn: readonly string[] = [];
  let log: LogUpdate | undefined;
  let over = false;
  stream.on('error', () => {
    over = true;
  });

  // Loading the library takes as long as starting a child: meanwhile the run begins.
  const load = async (): Promise<void> => {
    const library = await import('log-update');
    // A hidden cursor would stay hidden after a kill -9.
    if (!over) log = library.createLogUpdate(stream, { showCursor: true });
    draw();
  };
  void load();

  const room = (): Room => ({
    // Text in the last column makes some terminals wrap; the last row is where the cursor waits.
    columns: (stream.columns || USUAL.columns) - 1,
    lines: (stream.rows || USUAL.rows) - 1,
  });

  const say = (kind: Notice['kind'], text: string): void => {
    for (const long of text.split('\n')) above.push(...wrap(long, room().columns).map((line) => colour(chalk, kind, line)));
  };

  const draw = (lines = frame(source.snapshot(), room(), chalk)): void => {
    if (!log || over) return;
    // Together, so that the terminal never shows the moment without a frame.
    stream.cork();
    if (above.length > 0) log.persist(above.join('\n'));
    above = [];
    log(lines.join('\n'));
    drawn = lines;
    stream.uncork();
  };

  /** Leaves the frame where it is: the next one is drawn below the cursor. */
  const leave = (): void => {
    log?.done();
    drawn = [];
  };

  // A terminal that gets narrower wraps the lines it shows, so the frame is higher now than when it was drawn.
  const onResize = (): void => {
    if (!log || over || drawn.length === 0) return;
    const columns = stream.columns || USUAL.columns;
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    stream.cork();
    stream.write(`\x1b[${height}A\r\x1b[J`);
    leave();
    draw();
    stream.uncork();
  };
  stream.on('resize', onResize);
  // After Ctrl-Z and fg the shell has written below the frame.
  process.on('SIGCONT', leave);

  const endWindow = (): void => {
    for (const [kind, count] of flood.drain()) say(kind, moreOf(kind, count));
  };
  const timers = [clock.every(REDRAW_MS, () => draw()), clock.every(FLOOD_WINDOW_MS, endWindow)];

  return {
    onEvent(event) {
      for (const { kind, text } of notices(event)) if (flood.admit(kind)) say(kind, text);
    },
    onEnd() {
      for (const stop of timers) stop();
      stream.off('resize', onResize);
      process.off('SIGCONT', leave);
      endWindow();
      if (log) {
        // Of the frame, the line of the run stays.
        draw(frame(source.snapshot(), { ...room(), lines: 1 }, chalk));
        leave();
      } else if (above.length > 0 && !over) stream.write(`${above.join('\n')}\n`);
      over = true;
    },
  };
}

function colour(chalk: ChalkInstance, kind: Notice['kind'], text: string): string {
  switch (kind) {
    case 'failed':
    case 'died':
      return chalk.red(text);
    case 'retry':
    case 'warning':
    case 'stopping':
      return chalk.yellow(text);
    case 'info':
      return text;
    default:
      return unreachable(kind);
  }
}
