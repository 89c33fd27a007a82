/** What waits for the viewer: how much, and, while somebody looks, what. Read anew whenever a form changed. */
import { request } from "./api";
import { INBOX } from "./documents";
import type { InboxTask } from "./model";
import { session } from "./session";

const COALESCE = 150;
const RETRY_AFTER = 2_000;
const PAGE_SIZE = 50;
const LARGEST = 200;

export type Shelf = "mine" | "claimed" | "all";

interface Answer {
  viewer: { openInputRequests: { totalCount: number } };
  inputRequests?: { nodes: InboxTask[]; pageInfo: { hasNextPage: boolean } };
}

export class Inbox {
  tasks: InboxTask[] = [];
  /** How many the viewer may answer; null until the server said so. */
  count: number | null = null;
  shelf: Shelf = "mine";
  isLoaded = false;
  hasMore = false;
  isWatched = false;

  private size = PAGE_SIZE;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isReading = false;
  private isDue = false;

  constructor(private readonly changed: () => void) {}

  /** A form changed: read soon, one reading at a time. */
  touch(wait = COALESCE): void {
    this.isDue = true;
    this.timer ??= setTimeout(() => void this.read(), wait);
  }

  /** Somebody looks at the tasks, or no more. */
  watch(isWatched: boolean): void {
    if (isWatched && !this.isWatched) this.touch(0);
    this.isWatched = isWatched;
  }

  choose(shelf: Shelf): void {
    [this.shelf, this.tasks, this.isLoaded, this.size] = [shelf, [], false, PAGE_SIZE];
    this.changed();
    this.touch(0);
  }

  more(): void {
    this.size = Math.min(LARGEST, this.size + PAGE_SIZE);
    this.touch(0);
  }

  get isFull(): boolean {
    return this.size >= LARGEST;
  }

  private filter(): Record<string, unknown> {
    if (this.shelf === "mine") return { mine: true };
    return this.shelf === "claimed" ? { claimedBy: session.viewer?.user?.id ?? "" } : {};
  }

  private async read(): Promise<void> {
    this.timer = undefined;
    if (this.isReading) return;
    [this.isReading, this.isDue] = [true, false];
    const { shelf } = this;
    let wait = COALESCE;
    try {
      const variables = { first: this.size, filter: this.filter(), withTasks: this.isWatched };
      const { viewer, inputRequests } = await request<Answer>(INBOX, variables);
      this.count = viewer.openInputRequests.totalCount;
      if (inputRequests && shelf === this.shelf) {
        [this.tasks, this.hasMore] = [inputRequests.nodes, inputRequests.pageInfo.hasNextPage];
        this.isLoaded = true;
      }
    } catch {
      [this.isDue, wait] = [true, RETRY_AFTER];
    }
    this.isReading = false;
    this.changed();
    if (this.isDue) this.touch(wait);
  }
}
