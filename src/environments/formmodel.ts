import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import type { Problems } from '../form/fields';
import type { ITraining } from '../tokens';
import { EMPTY, fieldsOf, type IEnvironmentFields, read } from './fields';

/** What the form is for: the one that is edited, or copied, may not be there. */
export type Purpose = 'new' | 'edit' | 'clone';

/** Everything that the form shows; a new object with every change. */
export interface IEnvironmentState {
  fields: IEnvironmentFields;
  /** What is wrong with what was filled in so far; all that is wrong after a save was tried. */
  problems: Problems;
  form: wire.EnvironmentForm;
  complete: boolean;
  /** The definition that the form starts from is being asked for. */
  loading: boolean;
  saving: boolean;
  /** Why it was not saved, or cannot be, or `null`. */
  refusal: string | null;
  /** The version that is edited or copied. */
  base: wire.EnvironmentSpec | null;
}

export interface IEnvironmentFormOptions {
  training: ITraining;
  trans: TranslationBundle;
  workspaceId: string;
  purpose: Purpose;
  /** What is edited or copied, by its name and version; the latest without one. */
  environment?: string;
  version?: string;
}

/** What was saved, and the build that was asked for with it. */
export interface ISaved {
  version: wire.EnvironmentVersion;
  build: wire.Build | null;
}

/** An environment as it is filled in, and made a version of its name. */
export class EnvironmentFormModel implements IDisposable {
  constructor(readonly options: IEnvironmentFormOptions) {
    const isNew = options.environment === undefined;
    this._state = {
      ...this._read(EMPTY),
      loading: !isNew,
      saving: false,
      refusal: null,
      base: null
    };
    if (!isNew) {
      void this._load(options.environment ?? '');
    }
  }

  get state(): IEnvironmentState {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  fill(fields: Partial<IEnvironmentFields>): void {
    if (this._state.saving) {
      return;
    }
    for (const field of Object.keys(fields)) {
      this._touched.add(field);
    }
    const next = { ...this._state.fields, ...fields };
    if (next.base === 'packages' && next.installs === 'none') {
      next.installs = 'pip';
    } else if (fields.base !== undefined && this._state.fields.base === 'packages') {
      // Those of an image are there already, unless some were named.
      next.installs = next.pip.trim() || next.conda.trim() ? next.installs : 'none';
    }
    this._put({ ...this._read(next), refusal: null });
  }

  /**
   * Save what is complete, else say what is missing.
   *
   * @param password Of the registry; goes to who keeps it, and nothing here does. Empty for none.
   */
  async save(password: string, andBuild: boolean): Promise<ISaved | null> {
    this._all = true;
    this._put(this._read(this._state.fields));
    const { complete, form, saving } = this._state;
    if (password && complete && !form.username) {
      const problem = this.options.trans.__('Name the user whose password it is.');
      this._put({ problems: { ...this._state.problems, username: problem } });
      return null;
    }
    if (saving || !complete) {
      return null;
    }
    this._put({ saving: true, refusal: null });
    const { verbs } = this.options.training.workspace(this.options.workspaceId);
    try {
      if (password && form.registry && form.username) {
        const { registry: address, username } = form;
        await verbs.keepPassword({ address, username, password });
      }
      const version = await verbs.describe(form);
      const { name, version: number } = version.spec;
      const environment = number === null ? name : `${name}:${number}`;
      const build = andBuild ? await verbs.startBuild({ environment }) : null;
      this._put({ saving: false });
      return { version, build };
    } catch (error) {
      this._put({ saving: false, refusal: messageOf(error) });
      return null;
    }
  }

  private async _load(name: string): Promise<void> {
    const { purpose, training, version, workspaceId } = this.options;
    try {
      const { verbs } = training.workspace(workspaceId);
      const { versions } = await verbs.environment(name, version);
      const [{ spec }] = versions;
      const fields = fieldsOf(spec);
      // The name is what is missing of a copy.
      const mine = purpose === 'clone' ? { ...fields, name: '' } : fields;
      this._put({ ...this._read(mine), base: spec, loading: false });
    } catch (error) {
      this._put({ loading: false, refusal: messageOf(error) });
    }
  }

  private _read(
    fields: IEnvironmentFields
  ): Pick<IEnvironmentState, 'fields' | 'form' | 'problems' | 'complete'> {
    const { form, problems } = read(fields, this.options.trans);
    const shown = Object.entries(problems).filter(
      ([field]) => this._all || this._touched.has(field.replace(/\..*/s, ''))
    );
    const complete = !Object.keys(problems).length;
    return { fields, form, problems: Object.fromEntries(shown), complete };
  }

  private _put(part: Partial<IEnvironmentState>): void {
    if (!this._isDisposed) {
      this._state = { ...this._state, ...part };
      this._changed.emit();
    }
  }

  private _state: IEnvironmentState;
  private readonly _touched = new Set<string>();
  private _all = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
