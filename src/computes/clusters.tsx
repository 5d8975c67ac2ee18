import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { Field } from '../form/Field';
import type { IFilling } from '../parts/dialog';
import { askUntilDone } from '../parts/dialog';
import { shown } from '../parts/words';
import type { IVerbs } from '../tokens';
import type { IClusterFields, ILimitFields } from './clusterfields';
import {
  EMPTY,
  limitFieldsOf,
  onMachine,
  readCluster,
  readLimits,
  sizeWords
} from './clusterfields';

import '../../src/style/controls.css';
import '../../src/style/form.css';

/** Ask for a new cluster, and create it. */
export async function createCluster(trans: TranslationBundle, verbs: IVerbs): Promise<void> {
  const sizes = await verbs.vmSizes();
  await askUntilDone({
    title: trans.__('New cluster'),
    button: trans.__('Create'),
    fields: EMPTY,
    trans,
    view: filling => <ClusterView {...filling} sizes={sizes} trans={trans} />,
    act: fields => {
      const { problems, request } = readCluster(fields, trans);
      return Object.keys(problems).length
        ? null
        : {
            doing: trans.__('Creating %1 …', request.name),
            done: verbs.createCluster(request)
          };
    }
  });
}

/** Ask for other limits of a cluster, and set them. */
export async function editLimits(
  trans: TranslationBundle,
  verbs: IVerbs,
  name: string
): Promise<void> {
  const targets = await verbs.computes();
  const cluster = targets.find(target => target.name === name)?.cluster;
  await askUntilDone({
    title: trans.__('Limits of %1', shown(name)),
    button: trans.__('Save'),
    fields: cluster ? limitFieldsOf(cluster.spec) : EMPTY,
    trans,
    view: filling => <Limits {...filling} trans={trans} />,
    act: fields => {
      const { limits, problems } = readLimits(fields, trans);
      return Object.keys(problems).length
        ? null
        : {
            doing: trans.__('Changing %1 …', shown(name)),
            done: verbs.changeCluster(name, limits)
          };
    }
  });
}

/** The fields of a new cluster. */
export function ClusterView(
  props: IFilling<IClusterFields> & {
    sizes: readonly wire.VmSize[];
    trans: TranslationBundle;
  }
): React.JSX.Element {
  const { fields, sizes, trans, tried, onFill } = props;
  const problems = tried ? readCluster(fields, trans).problems : {};
  const id = React.useId();
  return (
    <>
      <Field id={`${id}name`} label={trans.__('Name')} problem={problems.name} required>
        {control => (
          <input
            {...control}
            className="jp-mod-styled"
            value={fields.name}
            placeholder={trans.__('cpu-cluster')}
            autoComplete="off"
            spellCheck={false}
            onChange={event => onFill({ name: event.target.value })}
          />
        )}
      </Field>
      <Field
        id={`${id}size`}
        label={trans.__('VM size of a node')}
        help={onMachine(trans, fields.size, sizes)}
        problem={problems.size}
        required
      >
        {control => (
          <input
            {...control}
            className="jp-mod-styled"
            value={fields.size}
            list={`${id}sizes`}
            autoComplete="off"
            spellCheck={false}
            onChange={event => onFill({ size: event.target.value })}
          />
        )}
      </Field>
      <datalist id={`${id}sizes`}>
        {sizes.map(size => (
          <option key={size.name} value={size.name}>
            {sizeWords(trans, size)}
          </option>
        ))}
      </datalist>
      <Limits {...props} />
    </>
  );
}

/** How many nodes there are at least and at most, and how long one waits for work. */
function Limits(
  props: Omit<IFilling<ILimitFields>, 'onFill'> & {
    trans: TranslationBundle;
    onFill: (fields: Partial<ILimitFields>) => void;
  }
): React.JSX.Element {
  const { fields, trans, tried, onFill } = props;
  const problems = tried ? readLimits(fields, trans).problems : {};
  const id = React.useId();
  const number = (name: keyof ILimitFields, label: string): React.JSX.Element => (
    <Field id={`${id}${name}`} label={label} problem={problems[name]} required>
      {control => (
        <input
          {...control}
          className="jp-mod-styled"
          inputMode="decimal"
          value={fields[name]}
          autoComplete="off"
          onChange={event => onFill({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      <div className="jp-mltrain-Form-grid">
        {number('min', trans.__('Fewest nodes'))}
        {number('max', trans.__('Most nodes'))}
        {number('idleMinutes', trans.__('Idle minutes'))}
      </div>
      <p className="jp-mltrain-Field-help">
        {trans.__(
          'Nodes come when runs need them. One that has had nothing to do for the idle minutes goes, down to the fewest.'
        )}
      </p>
    </>
  );
}
