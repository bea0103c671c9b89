import { brief } from './brief.ts';
import { describeEnd } from './outcome.ts';
import { formatBytes, formatCount } from './quantities.ts';

/** What was seen of a child that died over an item: what its cause was concluded from. */
export interface Evidence {
  readonly code: number | null;
  readonly signal: string | null;
  /** The most memory it was seen with, in bytes; 0 when it was never looked at. */
  readonly peakRssBytes: number;
  /** How many processes of this cgroup the kernel's OOM killer ended meanwhile; absent: none, or it does not tell. */
  readonly oomKills?: number;
  /** The last lines that it printed, at most 5 of at most 200 characters each. */
  readonly said: readonly string[];
}

/** So many last lines are kept, so many characters of each, and of the message of a death: an event has a bounded size. */
const LINES = 5;
const LINE = 200;
const MESSAGE = 2000;

/** What says nothing about the reason: addresses of native code, blank lines, our own lines of the log. */
const NOISE =
  /^\s*(?:$|\d+: 0x[\da-f]+ |0x[\da-f]+ |-{3,} (?:Native|JavaScript) stack trace -{3,}|--- \d{4}-\d\d-\d\dT|at .*\(?node:|Node\.js v\d)/;

/** The last lines of what a child printed that may say why it died. */
export function lastLines(printed: string): string[] {
  return printed
    .split(/[\r\n]+/)
    .filter((line) => !NOISE.test(line.slice(0, LINE)))
    .slice(-LINES)
    .map((line) => brief(line.trimEnd(), LINE));
}

/** A message of a child, short enough for an event. */
export const briefMessage = (message: string): string => brief(message, MESSAGE);

/** `killed by SIGKILL, peak memory 512 MB, the kernel's OOM killer ended 1 process meanwhile` */
export function describeEvidence({ code, signal, peakRssBytes, oomKills = 0 }: Evidence): string {
  return [
    describeEnd(code, signal),
    ...(peakRssBytes > 0 ? [`peak memory ${formatBytes(peakRssBytes)}`] : []),
    ...(oomKills > 0
      ? [`the kernel's OOM killer ended ${formatCount(oomKills)} ${oomKills === 1 ? 'process' : 'processes'} meanwhile`]
      : []),
  ].join(', ');
}
