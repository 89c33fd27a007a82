/** When to read again what was not read. */
import { ApiError } from "./client";

const SOON = 2_000;
const LATEST = 30_000;

/**
 * A server that is away is asked every two seconds, so that the page is there as soon as the server is. One that refuses is
 * asked less and less often: what refuses may be an author's code, which takes its time and fills the log.
 */
export class Retries {
  private refusals = 0;

  succeeded(): void {
    this.refusals = 0;
  }

  /** The milliseconds to wait after this problem. */
  after(problem: unknown): number {
    const isRefusal = problem instanceof ApiError && problem.code !== null;
    if (!isRefusal) this.refusals = 0;
    return Math.min(SOON * 2 ** (isRefusal ? this.refusals++ : 0), LATEST);
  }
}
