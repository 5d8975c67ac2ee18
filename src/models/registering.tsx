import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { Field } from '../form/Field';
import type { IPair, Problems } from '../form/fields';
import { readPairs } from '../form/fields';
import { Pairs } from '../form/Pairs';
import type { IFilling } from '../parts/dialog';
import { askUntilDone } from '../parts/dialog';
import { runLabel, shown } from '../parts/words';
import type { IVerbs } from '../tokens';
import { isModelName, suggestedName } from './naming';

import '../../src/style/controls.css';
import '../../src/style/form.css';
import '../../src/style/models.css';

/** What is filled in. */
export interface IRegisterFields {
  name: string;
  description: string;
  tags: readonly IPair[];
}

/** Read the dialog; a problem by field. */
export function readRegister(
  fields: IRegisterFields,
  trans: TranslationBundle
): { request: Omit<wire.ModelRequest, 'run' | 'path'>; problems: Problems } {
  const problems: { [field: string]: string } = {};
  const name = fields.name.trim();
  if (!isModelName(name)) {
    problems.name = name
      ? trans.__('Use letters, digits, “_”, “-” and “.”, the first a letter or digit.')
      : trans.__('Name it.');
  }
  const tags = readPairs(fields.tags, 'tags', problems, {
    bad: () => null,
    nameless: trans.__('Name the tag.'),
    twice: trans.__('This tag is given twice.')
  });
  const request = {
    name,
    description: fields.description.trim() || null,
    tags: Object.fromEntries(Object.entries(tags).map(([key, text]) => [key, text || null]))
  };
  return { request, problems };
}

/** What registering under a name makes: a new model, or which version of one that is there. */
export function becomes(
  trans: TranslationBundle,
  name: string,
  models: readonly wire.Model[]
): string {
  const known = models.find(model => model.name === name);
  return known
    ? trans.__('Becomes version %1 of it.', known.version + 1)
    : isModelName(name)
      ? trans.__('A new model: becomes its version 1.')
      : '';
}

/** Ask how to register a file or folder of a run, and do it; `null` when the user does not. */
export async function registerModel(
  trans: TranslationBundle,
  verbs: IVerbs,
  run: wire.Run,
  path: string
): Promise<wire.Model | null> {
  const models = await verbs.models({ latest: true });
  const what = trans.__('%1 of %2', shown(path), runLabel(run));
  return askUntilDone<IRegisterFields, wire.Model>({
    title: trans.__('Register as model'),
    button: trans.__('Register'),
    fields: {
      name: suggestedName(path, run.spec.experiment),
      description: '',
      tags: []
    },
    trans,
    view: filling => <RegisterView {...filling} models={models} what={what} trans={trans} />,
    act: fields => {
      const { problems, request } = readRegister(fields, trans);
      return Object.keys(problems).length
        ? null
        : {
            doing: trans.__('Registering %1 …', what),
            done: verbs.registerModel({ ...request, run: run.id, path })
          };
    }
  });
}

/** The fields of the dialog. */
export function RegisterView(
  props: IFilling<IRegisterFields> & {
    /** The latest version of each name. */
    models: readonly wire.Model[];
    what: string;
    trans: TranslationBundle;
  }
): React.JSX.Element {
  const { fields, models, trans, onFill } = props;
  const problems: Problems = props.tried ? readRegister(fields, trans).problems : {};
  const id = React.useId();
  return (
    <>
      <p className="jp-mltrain-RegisterModel-what">{props.what}</p>
      <Field
        id={`${id}name`}
        label={trans.__('Name')}
        help={becomes(trans, fields.name.trim(), models)}
        problem={problems.name}
        required
      >
        {control => (
          <input
            {...control}
            className="jp-mod-styled"
            value={fields.name}
            list={`${id}names`}
            autoComplete="off"
            spellCheck={false}
            onChange={event => onFill({ name: event.target.value })}
          />
        )}
      </Field>
      <datalist id={`${id}names`}>
        {models.map(({ name, version }) => (
          <option key={name} value={name}>
            {trans.__('becomes version %1', version + 1)}
          </option>
        ))}
      </datalist>
      <Field id={`${id}description`} label={trans.__('Description')}>
        {control => (
          <textarea
            {...control}
            className="jp-mod-styled jp-mltrain-RegisterModel-text"
            rows={3}
            value={fields.description}
            onChange={event => onFill({ description: event.target.value })}
            onKeyDown={event => {
              // In the dialog Enter registers; here it is a new line.
              if (event.key === 'Enter') {
                event.stopPropagation();
              }
            }}
          />
        )}
      </Field>
      <Pairs
        id={`${id}tags`}
        field="tags"
        pairs={fields.tags}
        problems={problems}
        trans={trans}
        words={{
          title: trans.__('Tags'),
          key: trans.__('Tag'),
          value: trans.__('Value'),
          add: trans.__('Add a tag'),
          remove: trans.__('Remove the tag')
        }}
        onChange={tags => onFill({ tags })}
      />
    </>
  );
}
