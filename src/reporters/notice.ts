/** A line about something that happened, as both the plain reporter and the bars print it. */
export interface Notice {
  readonly kind: 'info' | 'retry' | 'failed' | 'died' | 'warning' | 'stopping';
  readonly text: string;
}
