import { Dialog, Notification, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { Field } from '../form/Field';
import { parseSize, parseWhole } from '../form/reading';
import type { IVerbs } from '../tokens';

import '../../src/style/controls.css';
import '../../src/style/form.css';
import '../../src/style/environments.css';

/** What is typed into the dialog. */
export interface IAttachFields {
  name: string;
  url: string;
  cpus: string;
  memory: string;
  gpus: string;
}

const EMPTY: IAttachFields = { name: '', url: '', cpus: '', memory: '', gpus: '' };

/** Read the dialog; a problem by field. */
export function readAttach(
  fields: IAttachFields,
  trans: TranslationBundle
): { request: wire.AttachRequest; problems: Partial<Record<keyof IAttachFields, string>> } {
  const problems: Partial<Record<keyof IAttachFields, string>> = {};
  const name = fields.name.trim();
  const url = fields.url.trim();
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    problems.name = name
      ? trans.__('Use letters, digits, “_”, “-” and “.”, the first a letter or digit.')
      : trans.__('Name it.');
  }
  if (!/^(unix|ssh|tcp):\/\/./.test(url)) {
    problems.url = trans.__(
      'Use an address such as unix:///var/run/docker.sock, ssh://user@host or tcp://host:2376.'
    );
  }
  const whole = (field: 'cpus' | 'gpus', least: number): number | null => {
    const typed = fields[field].trim();
    const count = typed ? parseWhole(typed) : null;
    if (typed && (count === null || count < least)) {
      problems[field] = trans.__('Use a whole number from %1 on.', least);
    }
    return count;
  };
  const memory = fields.memory.trim() ? parseSize(fields.memory) : null;
  if (fields.memory.trim() && !memory) {
    problems.memory = trans.__('Use a number with a unit: 512MB, 4GB.');
  }
  const request: wire.AttachRequest = {
    name,
    url,
    cpus: whole('cpus', 1),
    memory_bytes: memory,
    gpus: whole('gpus', 0) ?? 0
  };
  return { request, problems };
}

/** Ask for an engine, and attach it; what is wrong is said in the dialog, which is shown again. */
export async function attachCompute(trans: TranslationBundle, verbs: IVerbs): Promise<void> {
  let fields = EMPTY;
  let refusal: string | null = null;
  let tried = false;
  for (;;) {
    const body = new AttachBody(fields, refusal, tried, trans);
    const dialog = new Dialog<IAttachFields>({
      title: trans.__('Add compute'),
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Add') })
      ],
      focusNodeSelector: 'input'
    });
    const answer = await dialog.launch();
    if (!answer.button.accept || answer.value === null) {
      return;
    }
    fields = answer.value;
    tried = true;
    refusal = null;
    const { problems, request } = readAttach(fields, trans);
    if (Object.keys(problems).length === 0) {
      const told = Notification.emit(
        trans.__('Connecting to %1 …', request.url),
        'in-progress',
        { autoClose: false }
      );
      try {
        await verbs.attach(request);
        return;
      } catch (error) {
        refusal = messageOf(error);
      } finally {
        Notification.dismiss(told);
      }
    }
  }
}

class AttachBody extends ReactWidget {
  constructor(
    private _fields: IAttachFields,
    private readonly _refusal: string | null,
    private readonly _tried: boolean,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-mltrain-Attach');
  }

  getValue(): IAttachFields {
    return this._fields;
  }

  protected override render(): React.JSX.Element {
    return (
      <AttachView
        fields={this._fields}
        refusal={this._refusal}
        tried={this._tried}
        trans={this._trans}
        onFill={fields => {
          this._fields = { ...this._fields, ...fields };
          this.update();
        }}
      />
    );
  }
}

/** The fields of the dialog. */
function AttachView(props: {
  fields: IAttachFields;
  refusal: string | null;
  tried: boolean;
  trans: TranslationBundle;
  onFill: (fields: Partial<IAttachFields>) => void;
}): React.JSX.Element {
  const { fields, trans, tried, onFill } = props;
  const { problems } = readAttach(fields, trans);
  const id = React.useId();
  const text = (
    name: keyof IAttachFields,
    label: string,
    placeholder: string,
    required = false
  ): React.JSX.Element => (
    <Field
      id={`${id}${name}`}
      label={label}
      problem={tried ? problems[name] : undefined}
      required={required}
    >
      {control => (
        <input
          {...control}
          className="jp-mod-styled"
          value={fields[name]}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          onChange={event => onFill({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <div className="jp-mltrain-Form jp-mltrain-Attach-form">
      <div role="alert">
        {props.refusal !== null && <p className="jp-mltrain-Form-refusal">{props.refusal}</p>}
      </div>
      {text('name', trans.__('Name'), trans.__('big-machine'), true)}
      {text('url', trans.__('Address of its Docker Engine'), 'ssh://user@host', true)}
      <p className="jp-mltrain-Field-help">
        {trans.__('What runs may hold together there; all that it has where nothing is said.')}
      </p>
      <div className="jp-mltrain-Form-grid">
        {text('cpus', trans.__('CPUs'), trans.__('all'))}
        {text('memory', trans.__('Memory'), trans.__('all'))}
        {text('gpus', trans.__('GPUs'), '0')}
      </div>
    </div>
  );
}
