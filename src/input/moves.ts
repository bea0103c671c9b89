import type { Move } from '../core/plan.ts';

/** A run of pairs that go forward or backward together, from the first pair on. */
interface Streak {
  readonly to: number;
  readonly from: number;
  toStep: number;
  fromStep: number;
  length: number;
}

/** Turns pairs of positions, given in ascending order of either side, into as few moves as they allow. */
export class MoveLog {
  readonly #plan: number;
  readonly #moves: Move[] = [];
  #streak: Streak | undefined;

  /** `plan`: the earlier plan that all pairs point into. */
  constructor(plan: number) {
    this.#plan = plan;
  }

  /** Position `to` was position `from` in the earlier plan. */
  add(to: number, from: number): void {
    if (this.#streak && extend(this.#streak, to, from)) return;
    this.#end();
    this.#streak = { to, from, toStep: 1, fromStep: 1, length: 1 };
  }

  /** `length` pairs that go forward together. */
  addRun(to: number, from: number, length: number): void {
    this.#end();
    this.#streak = { to, from, toStep: 1, fromStep: 1, length };
  }

  /** All moves, in the order of the pairs. */
  end(): Move[] {
    this.#end();
    return this.#moves;
  }

  #end(): void {
    if (this.#streak) this.#moves.push(toMove(this.#streak, this.#plan));
    this.#streak = undefined;
  }
}

function extend(streak: Streak, to: number, from: number): boolean {
  if (streak.length === 1) {
    const [toStep, fromStep] = [to - streak.to, from - streak.from];
    if (Math.abs(toStep) !== 1 || Math.abs(fromStep) !== 1) return false;
    Object.assign(streak, { toStep, fromStep });
  }
  if (to !== streak.to + streak.toStep * streak.length || from !== streak.from + streak.fromStep * streak.length) return false;
  streak.length++;
  return true;
}

/** A move starts at its lowest `to`, which is the last pair of a streak that counted down. */
function toMove({ to, from, toStep, fromStep, length }: Streak, plan: number): Move {
  const step = toStep === fromStep ? 1 : -1;
  const back = toStep === 1 ? 0 : length - 1;
  return { to: to - back, plan, from: from + fromStep * back, length, step };
}
