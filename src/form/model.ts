import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError, messageOf } from '../api/error';
import type * as wire from '../api/wire';
import type { ITraining, IWorkspace } from '../tokens';
import {
  changesOf,
  EMPTY,
  fieldsOf,
  type IFields,
  type ISurroundings,
  type Problems,
  read
} from './fields';

const ARGUMENTS_MS = 300;
const PREVIEW_MS = 500;

/** Which field a refusal is about, where its code tells. */
const FIELD_OF_CODE: { readonly [code: string]: string } = {
  compute_target: 'compute',
  compute_unavailable: 'compute',
  environment_failed: 'environment',
  no_such_environment: 'environment',
  no_such_file: 'path'
};

/** What decides which files travel. */
const SUBJECT: readonly string[] = ['path', 'code', 'source'];

/** Everything that the form shows; a new object with every change. */
export interface IFormState {
  fields: IFields;
  /** What is wrong with what was filled in so far; all that is wrong after a submit. */
  problems: Problems;
  /** What would be submitted; with problems, it is not what the user means yet. */
  form: wire.SubmitForm;
  /** Nothing is wrong. */
  complete: boolean;
  around: ISurroundings;
  experiments: readonly string[];
  /** The script is being read. */
  reading: boolean;
  /** Why the script's arguments are not known, or `null`. */
  unread: string | null;
  preview: wire.Preview | null;
  /** The preview is not that of the form as it is. */
  previewing: boolean;
  /** Why there is no preview, or `null`. */
  unpreviewed: string | null;
  sending: boolean;
  /** Why the run was not taken, or `null`. */
  refusal: string | null;
  /** It was refused by checks that the user can skip. */
  forcible: boolean;
  workspaces: readonly wire.WorkspaceInfo[];
  workspaceId: string | null;
  /** Why nothing can be submitted at all, or `null`. */
  problem: string | null;
  /** The run that is to be done again, if that is what the form is for. */
  base: wire.Run | null;
}

export interface IFormOptions {
  training: ITraining;
  trans: TranslationBundle;
  /** By default the one that the sidebar shows. */
  workspaceId?: string;
  fields?: Partial<IFields>;
  /** Do this run again, with changes. */
  base?: wire.Run;
}

/** What is filled in, what the server says of it, and the submit. */
export class FormModel implements IDisposable {
  constructor(private readonly _options: IFormOptions) {
    const { base, fields, training } = _options;
    const first: IFields = { ...(base ? fieldsOf(base) : EMPTY), ...fields };
    const around: ISurroundings = {
      arguments: [],
      computes: null,
      environments: [],
      pythons: []
    };
    this._state = {
      ...this._read(first, around),
      around,
      experiments: [],
      reading: false,
      unread: null,
      preview: null,
      previewing: false,
      unpreviewed: null,
      sending: false,
      refusal: null,
      forcible: false,
      workspaces: training.workspaces,
      workspaceId: null,
      problem: null,
      base: base ?? null
    };
    training.changed.connect(this._onTraining, this);
    void training.ready.then(() => this._onTraining());
  }

  get state(): IFormState {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._argumentsTimer);
    clearTimeout(this._previewTimer);
    this._held?.dispose();
    Signal.clearData(this);
  }

  /** Fill in some fields. Another form is another run: a submit after it is not the same one. */
  fill(fields: Partial<IFields>): void {
    if (this._state.sending) {
      return;
    }
    const before = this._state.fields;
    for (const field of Object.keys(fields)) {
      this._touched.add(field);
    }
    for (const [name, text] of Object.entries(fields.values ?? {})) {
      if (text !== before.values[name]) {
        this._touched.add(`values.${name}`);
      }
    }
    this._requestId = null;
    const next = { ...before, ...fields };
    this._put({ ...this._read(next), refusal: null, forcible: false });
    if (next.path !== before.path || next.kind !== before.kind) {
      this._askArguments(ARGUMENTS_MS);
    }
    this._askPreview();
  }

  /** Submit to another workspace. */
  choose(workspaceId: string): void {
    if (workspaceId !== this._workspace?.id) {
      this._requestId = null;
      this._enter(workspaceId);
    }
  }

  /** What is complete is sent, once; else what is missing is said. The run, when it is taken. */
  async submit(force = false): Promise<wire.Run | null> {
    const workspace = this._workspace;
    this._all = true;
    this._put(this._read(this._state.fields));
    if (!workspace || this._state.sending || !this._state.complete) {
      return null;
    }
    this._requestId ??= UUID.uuid4();
    this._put({ sending: true, refusal: null, forcible: false });
    try {
      const { base, form } = this._state;
      const request_id = this._requestId;
      const run = await (base
        ? workspace.verbs.again(base.id, { ...changesOf(form), request_id })
        : workspace.verbs.submit({ ...form, force, request_id }));
      this._requestId = null;
      this._put({ sending: false });
      return run;
    } catch (error) {
      this._refused(error, force);
      return null;
    }
  }

  private _refused(error: unknown, force: boolean): void {
    const { trans } = this._options;
    const message = messageOf(error);
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'unreachable') {
      // The request keeps its id: should it have got through, this is that run.
      const again = trans.__('Submit again when it does: it will not become two runs.');
      this._put({ sending: false, refusal: `${message} ${again}` });
      return;
    }
    // A refused request has made no run; what is sent next may differ by `force`.
    this._requestId = null;
    const field = FIELD_OF_CODE[code];
    this._put({
      sending: false,
      forcible: code === 'checks_failed' && !force && !this._state.base,
      ...(field
        ? { problems: { ...this._state.problems, [field]: message } }
        : { refusal: message })
    });
  }

  private _onTraining(): void {
    const { training, workspaceId, base } = this._options;
    if (this._isDisposed) {
      return;
    }
    this._put({ workspaces: training.workspaces });
    const wanted = workspaceId ?? base?.workspace_id ?? training.current?.id;
    if (!this._workspace && wanted) {
      this._enter(wanted);
    } else if (!this._workspace) {
      this._put({ problem: training.problem });
    }
  }

  private _enter(workspaceId: string): void {
    this._held?.dispose();
    const workspace = this._options.training.workspace(workspaceId);
    this._workspace?.computes.changed.disconnect(this._onComputes, this);
    this._workspace?.environments.changed.disconnect(this._onEnvironments, this);
    this._workspace = workspace;
    const held = new DisposableSet();
    held.add(workspace.connect());
    held.add(workspace.computes.hold());
    held.add(workspace.environments.hold());
    this._held = held;
    workspace.computes.changed.connect(this._onComputes, this);
    workspace.environments.changed.connect(this._onEnvironments, this);
    this._put({ workspaceId, problem: null });
    this._onComputes();
    this._onEnvironments();
    void this._load(workspace);
    this._askArguments(0);
    this._askPreview();
  }

  /** What makes filling in easier; the form works without. */
  private async _load(workspace: IWorkspace): Promise<void> {
    const [pythons, experiments] = await Promise.allSettled([
      workspace.verbs.pythons(),
      workspace.verbs.experiments()
    ]);
    if (this._isDisposed || workspace !== this._workspace) {
      return;
    }
    const found = pythons.status === 'fulfilled' ? pythons.value : [];
    const names = experiments.status === 'fulfilled' ? Object.keys(experiments.value) : [];
    this._surround({ pythons: found });
    this._put({ experiments: names });
  }

  private _onComputes(): void {
    this._surround({ computes: this._workspace?.computes.targets ?? null });
  }

  private _onEnvironments(): void {
    this._surround({ environments: this._workspace?.environments.list ?? [] });
  }

  private _surround(part: Partial<ISurroundings>): void {
    const around = { ...this._state.around, ...part };
    this._put({ around, ...this._read(this._state.fields, around) });
  }

  private _askArguments(afterMs: number): void {
    clearTimeout(this._argumentsTimer);
    const { kind, path } = this._state.fields;
    const turn = ++this._argumentsTurn;
    if (kind !== 'file' || !/\.(py|ipynb)$/i.test(path.trim())) {
      this._surround({ arguments: [] });
      this._put({ reading: false, unread: null });
      return;
    }
    this._put({ reading: true });
    this._argumentsTimer = setTimeout(() => {
      void this._readScript(path.trim(), turn);
    }, afterMs);
  }

  private async _readScript(path: string, turn: number): Promise<void> {
    let found: wire.ArgumentChoice[] = [];
    let unread: string | null = null;
    try {
      found = (await this._workspace?.verbs.arguments(path))?.arguments ?? [];
    } catch (error) {
      unread = messageOf(error);
    }
    if (!this._isDisposed && turn === this._argumentsTurn) {
      this._surround({ arguments: found });
      this._put({ reading: false, unread });
      this._askPreview();
    }
  }

  private _askPreview(): void {
    clearTimeout(this._previewTimer);
    const turn = ++this._previewTurn;
    const { problems } = this._read(this._state.fields, this._state.around, true);
    const wrong = Object.keys(problems).filter(field => !field.startsWith('values.'));
    if (this._state.base || wrong.some(field => SUBJECT.includes(field))) {
      this._put({ preview: null, previewing: false, unpreviewed: null });
      return;
    }
    if (wrong.length) {
      // What travels stays the same; the server would refuse to look at the rest.
      this._put({ previewing: false });
      return;
    }
    this._put({ previewing: true });
    this._previewTimer = setTimeout(() => {
      void this._look(turn);
    }, PREVIEW_MS);
  }

  private async _look(turn: number): Promise<void> {
    let preview: wire.Preview | null = null;
    let unpreviewed: string | null = null;
    try {
      preview = (await this._workspace?.verbs.preview(this._state.form)) ?? null;
    } catch (error) {
      unpreviewed = messageOf(error);
    }
    if (!this._isDisposed && turn === this._previewTurn) {
      this._put({ preview, previewing: false, unpreviewed });
    }
  }

  private _read(
    fields: IFields,
    around = this._state.around,
    all = this._all
  ): Pick<IFormState, 'fields' | 'form' | 'problems' | 'complete'> {
    const { form, problems } = read(fields, around, this._options.trans);
    const shown = Object.entries(problems).filter(
      ([field]) =>
        all ||
        this._touched.has(field.startsWith('values.') ? field : field.replace(/\..*/s, ''))
    );
    const complete = !Object.keys(problems).length;
    return { fields, form, problems: Object.fromEntries(shown), complete };
  }

  private _put(part: Partial<IFormState>): void {
    if (!this._isDisposed) {
      this._state = { ...this._state, ...part };
      this._changed.emit();
    }
  }

  private _state: IFormState;
  private _workspace: IWorkspace | null = null;
  private _held: IDisposable | null = null;
  private _requestId: string | null = null;
  private _touched = new Set<string>();
  /** A submit was tried: from now on everything that is missing is said. */
  private _all = false;
  private _argumentsTimer: ReturnType<typeof setTimeout> | undefined;
  private _argumentsTurn = 0;
  private _previewTimer: ReturnType<typeof setTimeout> | undefined;
  private _previewTurn = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
