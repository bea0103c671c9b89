import { formatCount, formatDuration } from '../core/quantities.ts';

/** `6.7 %`; 100.0 % means all. */
export function formatPercent(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  return `${(part < whole ? Math.min(percent, 99.9) : percent).toFixed(1)} %`;
}

/** `12.3 items/s`, or by the minute or hour where that is slow; `unit` "" for the short `12.3/s`. */
export function formatRate(rate: number, unit = ' items'): string {
  if (rate >= 100) return `${formatCount(Math.round(rate))}${unit}/s`;
  if (rate >= 1) return `${rate.toFixed(1)}${unit}/s`;
  if (rate * 60 >= 1) return `${(rate * 60).toFixed(1)}${unit}/min`;
  return `${(rate * 3600).toFixed(1)}${unit}/h`;
}

/** `4m33s`, `12s`: whole seconds, since nobody's estimate is better than that. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole}s` : formatDuration(whole * 1000);
}

/** `1 item`, `3,600 items` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
