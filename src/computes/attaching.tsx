import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { Field } from '../form/Field';
import { parseSize, parseWhole } from '../form/reading';
import type { IFilling } from '../parts/dialog';
import { askUntilDone } from '../parts/dialog';
import type { IVerbs } from '../tokens';

import '../../src/style/controls.css';
import '../../src/style/form.css';

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

/** Ask for an engine, and attach it. */
export async function attachCompute(trans: TranslationBundle, verbs: IVerbs): Promise<void> {
  await askUntilDone({
    title: trans.__('Add compute'),
    button: trans.__('Add'),
    fields: EMPTY,
    trans,
    view: filling => <AttachView {...filling} trans={trans} />,
    act: fields => {
      const { problems, request } = readAttach(fields, trans);
      return Object.keys(problems).length
        ? null
        : {
            doing: trans.__('Connecting to %1 …', request.url),
            done: verbs.attach(request)
          };
    }
  });
}

/** The fields of the dialog. */
function AttachView(
  props: IFilling<IAttachFields> & { trans: TranslationBundle }
): React.JSX.Element {
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
    <>
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
    </>
  );
}
