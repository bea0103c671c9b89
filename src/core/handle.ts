import type { RunEvent } from './events.ts';
import type { Report, Snapshot } from './report.ts';

/**
 * A run that is going on. Iterate it for the events of the journal: an iterator sees every event from the moment it is made, so one
 * that is made right after `launch` sees all of this session. The report settles when the run is over; it rejects only for wrong input or a bug.
 */
export interface RunHandle extends AsyncIterable<RunEvent> {
  /** Settles with the run's name once planning has succeeded; rejects with a `UserError` when the input is wrong. */
  readonly planned: Promise<{ readonly run: string; readonly folder: string; readonly logs: string }>;
  readonly report: Promise<Report>;
  /** The run as it stands now. */
  snapshot(): Snapshot;
  /** First call: start nothing new, let items in flight finish, commit. Second call: end everything at once. */
  stop(why?: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'abort'): void;
}

/** Shows a run to somebody. */
export interface Reporter {
  /** Called once per event, in order. */
  onEvent(event: RunEvent): void;
  /** Called once, with the run's report; whatever was drawn in place is finished first. */
  onEnd(report: Report): void;
}
