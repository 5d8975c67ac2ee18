import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ApiError, messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { BUILD_LOG, WAITING_STATES } from '../api/wire';
import { logOf } from '../parts/environments';
import { isFinal } from '../parts/words';
import type { ILog, IMetrics, ITraining, IWorkspace } from '../tokens';
import { HeldRun } from './held';
import type { IOutputs } from './kept';
import { loadOutputs, outputsOf } from './kept';
import { outputOf, SavedLog } from './savedlog';

/**
 * What a card shows of its run: the record that was saved with the notebook, and what the server
 * says, as long as somebody looks.
 */
export class CardModel implements IDisposable {
  constructor(
    private readonly _training: ITraining | null,
    private readonly _trans: TranslationBundle,
    card: wire.RunCard,
    text: string
  ) {
    this._saved = card;
    this._text = text;
    this._runId = card.run.id;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get workspaceId(): string {
    return this._saved.workspace_id;
  }

  /** The latest record: the server's, else the notebook's. */
  get run(): wire.Run {
    return this._run ?? this._saved.run;
  }

  /** The run that this one repeats, when it was started from this very card. */
  get repeats(): wire.Run | null {
    return this._runId === this._saved.run.id ? null : this._saved.run;
  }

  /** Whether the server answers for this run, so that it can be acted on. */
  get live(): boolean {
    return this._run !== null && !this._deleted && !this._lost;
  }

  /** Why what is shown may not be how it is, in a sentence, or `null`. */
  get note(): string | null {
    const trans = this._trans;
    if (this._deleted) {
      return trans.__('This run was deleted. What is shown was saved with the notebook.');
    }
    if (!this._training) {
      return trans.__('What is shown was saved with the notebook.');
    }
    const { state, message } = this._held?.workspace.connection ?? {};
    if (state === 'gone') {
      return trans.__(
        'The workspace of this run is not among yours. What is shown was saved with the notebook.'
      );
    }
    if (state !== undefined && state !== 'up' && state !== 'connecting') {
      return message || trans.__('The connection is cut. It is tried again by itself.');
    }
    if (this._problem !== null) {
      return this._run
        ? this._problem
        : trans.__('%1 What is shown was saved with the notebook.', this._problem);
    }
    return null;
  }

  /** Whether a cancel was asked for that the record does not know of yet. */
  get canceling(): boolean {
    return this._canceling && !isFinal(this.run);
  }

  /** Why the run is in its state; of one that waits, as of now. */
  get reason(): string {
    return this._held?.waiting ?? this.run.reason;
  }

  get metrics(): IMetrics | null {
    return this._held?.metrics ?? null;
  }

  /** What it prints, or how it is prepared, when that is open: live, or as it was saved. */
  get log(): ILog | null {
    if (!this.open) {
      return null;
    }
    return this._deleted || this._lost ? this._savedLog() : (this._held?.log ?? null);
  }

  get outputs(): IOutputs | null {
    return this._outputs ?? (this.repeats || this._run ? null : outputsOf(this._saved.files));
  }

  get workspace(): IWorkspace | null {
    return this._training?.workspace(this.workspaceId) ?? null;
  }

  /** Whether the output is shown: while the run goes on, and before and after that on request. */
  get open(): boolean {
    return this._open ?? !(isFinal(this.run) || WAITING_STATES.has(this.run.state));
  }

  /** Whether what is, or would be, shown is how its environment is made. */
  get preparing(): boolean {
    return logOf(this.run) === BUILD_LOG;
  }

  set open(open: boolean) {
    this._open = open;
    this._hold();
    this._changed.emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.release();
    this._keptLog?.dispose();
    Signal.clearData(this);
  }

  /** Take what the notebook's output has become; of another run, everything begins anew. */
  update(card: wire.RunCard, text: string): void {
    const { run } = this._saved;
    const same = card.workspace_id === this.workspaceId && card.run.id === run.id;
    if (same && card.run.version <= run.version && text === this._text) {
      return;
    }
    const shown = this._run === null && this.repeats === null;
    this._saved = card;
    if (text !== this._text) {
      this._text = text;
      this._keptLog?.dispose();
      this._keptLog = null;
    }
    if (!same) {
      this._show(card.run.id, null);
    } else if (shown) {
      this._changed.emit();
    }
  }

  /** Somebody looks: ask the server, and listen. */
  hold(): void {
    if (this._held || this._isDisposed || !this._training || this._deleted) {
      return;
    }
    this._held = new HeldRun(this._training, this.workspaceId, this._runId, {
      run: run => this._take(run),
      deleted: () => this._onDeleted(),
      connection: () => this._onConnection(),
      queue: () => this._changed.emit()
    });
    this._hold();
    this._changed.emit();
    void this._load();
  }

  /** Nobody looks any more. */
  release(): void {
    const held = this._held;
    if (held) {
      this._held = null;
      held.dispose();
      this._changed.emit();
    }
  }

  /** Say that it is being canceled, before the server says so; undone when it will not be. */
  async cancel(ask: () => Promise<boolean>): Promise<void> {
    if (this._canceling) {
      return;
    }
    this._canceling = true;
    this._changed.emit();
    const taken = await ask();
    this._canceling = taken;
    this._changed.emit();
  }

  /** Whether the run is being repeated, and the new one is not known yet. */
  get repeating(): boolean {
    return this._repeating;
  }

  /** Run it again, and go on with the new run: what somebody asked for last is what they watch. */
  async repeat(ask: () => Promise<wire.Run | null>): Promise<void> {
    if (this._repeating) {
      return;
    }
    const runId = this._runId;
    this._repeating = true;
    this._changed.emit();
    const run = await ask();
    this._repeating = false;
    if (run && runId === this._runId && !this._isDisposed) {
      this._show(run.id, run);
    } else {
      this._changed.emit();
    }
  }

  /** Whether there is nothing but what was saved. */
  private get _lost(): boolean {
    const state = this._held?.workspace.connection.state;
    return state === 'gone' || (this._run === null && this._problem !== null);
  }

  private _show(runId: string, run: wire.Run | null): void {
    const held = this._held !== null;
    this.release();
    this._runId = runId;
    this._run = run;
    this._outputs = null;
    this._problem = null;
    this._deleted = false;
    this._canceling = false;
    this._open = null;
    if (held) {
      this.hold();
    }
    this._changed.emit();
  }

  private async _load(): Promise<void> {
    const held = this._held;
    const runId = this._runId;
    await this._training?.ready;
    try {
      const run = await held?.workspace.runs.load(runId);
      if (run && held === this._held) {
        this._problem = null;
        this._take(run);
      }
    } catch (error) {
      if (held === this._held && runId === this._runId) {
        this._deleted = error instanceof ApiError && error.code === 'no_such_run';
        this._problem = this._training?.problem ?? messageOf(error);
        this._changed.emit();
      }
    }
  }

  private _take(run: wire.Run): void {
    const before = this._run;
    if (before && before.version > run.version) {
      return;
    }
    // What somebody has watched does not fold under their eyes when it ends.
    if (before && !isFinal(before) && isFinal(run)) {
      this._open ??= true;
    }
    // What was closed is how it was prepared, not what it prints.
    if (before && WAITING_STATES.has(before.state) && !WAITING_STATES.has(run.state)) {
      this._open ||= null;
    }
    this._run = run;
    if (before?.state !== run.state) {
      this._canceling &&= !isFinal(run) && run.state !== 'CancelRequested';
      void this._loadOutputs();
    }
    this._hold();
    this._changed.emit();
  }

  private async _loadOutputs(): Promise<void> {
    const held = this._held;
    const runId = this._runId;
    if (!held) {
      return;
    }
    try {
      const outputs = await loadOutputs(held.workspace.verbs, runId);
      if (runId === this._runId) {
        this._outputs = outputs;
        this._changed.emit();
      }
    } catch (error) {
      // The record says what is wrong; without a list of files the card is still right.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  /** Hold what the card shows of it now. */
  private _hold(): void {
    // Its log is asked for once the server has said that the run is there.
    const isWanted = this.open && this._run !== null && !this._deleted;
    this._held?.wantLog(isWanted ? logOf(this.run) : null);
    this._held?.wantQueue(this.run.state === 'Queued');
  }

  private _savedLog(): ILog | null {
    if (this.repeats) {
      return null;
    }
    this._keptLog ??= new SavedLog(outputOf(this._text, this._saved.run));
    return this._keptLog;
  }

  private _onDeleted(): void {
    this._deleted = true;
    this._changed.emit();
  }

  private _onConnection(): void {
    if (this._held?.workspace.connection.state === 'up' && this._problem !== null) {
      void this._load();
    }
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _saved: wire.RunCard;
  private _text: string;
  private _runId: string;
  private _run: wire.Run | null = null;
  private _outputs: IOutputs | null = null;
  private _held: HeldRun | null = null;
  private _keptLog: SavedLog | null = null;
  private _deleted = false;
  private _problem: string | null = null;
  private _canceling = false;
  private _repeating = false;
  private _open: boolean | null = null;
  private _isDisposed = false;
}
