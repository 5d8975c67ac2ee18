/** Does one thing at a time; of those that are asked for meanwhile, the last. */
export class Turns {
  /**
   * @param may Whether anything can begin now; when that has become so, `next` is to be called.
   * @param ended Something has ended, with an error if there is one; to be followed by `next`.
   */
  constructor(
    private readonly _may: () => boolean,
    private readonly _ended: (error: Error | null) => void
  ) {}

  /** Whether something is being done. */
  get busy(): boolean {
    return this._busy;
  }

  ask(job: () => Promise<void>): void {
    this._job = job;
    this.next();
  }

  next(): void {
    const job = this._job;
    if (!job || this._busy || !this._may()) {
      return;
    }
    this._job = null;
    this._busy = true;
    void job().then(
      () => this._end(null),
      (error: unknown) => this._end(error instanceof Error ? error : new Error(String(error)))
    );
  }

  private _end(error: Error | null): void {
    this._busy = false;
    this._ended(error);
  }

  private _job: (() => Promise<void>) | null = null;
  private _busy = false;
}
