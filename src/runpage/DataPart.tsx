import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { isFinal, shown, size } from '../parts/words';
import { Copy, Fact, Part } from './facts';

/** Characters of a fingerprint that tell it from others at a glance. */
const SHORT = 12;

/** The data that a run took, and where what it wrote goes; nothing where there is neither. */
export function DataPart(props: {
  run: wire.Run;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): React.JSX.Element | null {
  const { run, trans, onCopy } = props;
  const { inputs, outputs } = run.spec;
  if (!inputs.length && !outputs.length) {
    return null;
  }
  return (
    <Part title={trans.__('Data')}>
      <dl>
        {inputs.map(input => (
          <Fact key={input.name} term={trans.__('Input %1', shown(input.name))}>
            <Input
              input={input}
              delivered={run.data.find(({ name }) => name === input.name)}
              isOver={isFinal(run)}
              trans={trans}
              onCopy={onCopy}
            />
          </Fact>
        ))}
        {outputs.map(output => (
          <Fact key={output.name} term={trans.__('Output %1', shown(output.name))}>
            <code>{shown(placeOf(output, run))}</code>
            {output.register_as !== null && (
              <> · {trans.__('registered as %1', shown(output.register_as))}</>
            )}
          </Fact>
        ))}
      </dl>
    </Part>
  );
}

/** The arguments of the script as it got them: the paths of data where that was brought. */
export function argumentsOf({ data, spec }: wire.Run): string[] {
  return spec.inputs.reduce(
    (given, { name, reference }) => {
      const path = data.find(each => each.name === name)?.path;
      if (path === undefined) {
        return given;
      }
      return given.map(argument =>
        reference
          ? argument.split(`$AZUREML_DATAREFERENCE_${name}`).join(path)
          : argument === `DatasetConsumptionConfig:${name}`
            ? path
            : argument
      );
    },
    [...spec.arguments]
  );
}

/** Which data it is, how the run gets at it, how much it was, and exactly which. */
function Input(props: {
  input: wire.DataInput;
  delivered: wire.Delivered | undefined;
  isOver: boolean;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): React.JSX.Element {
  const { input, delivered, trans } = props;
  const facts = [
    sourceOf(trans, input),
    modeWord(trans, input.mode),
    ...(delivered
      ? [trans._n('%1 file', '%1 files', delivered.files), size(trans, delivered.size_bytes)]
      : [
          props.isOver
            ? trans.__('it was never brought')
            : trans.__('it is brought before the run starts')
        ])
  ];
  return (
    <>
      {facts.join(' · ')}
      {delivered && (
        <div className="jp-mltrain-Details-fingerprint">
          <span>{trans.__('fingerprint')}</span>{' '}
          <code title={shown(delivered.fingerprint)}>
            {shown(delivered.fingerprint.slice(0, SHORT))}…
          </code>
          <Copy
            text={delivered.fingerprint}
            name={trans.__('the fingerprint of %1', shown(input.name))}
            trans={trans}
            onCopy={props.onCopy}
          />
        </div>
      )}
    </>
  );
}

/** `mnist:2`; of data without a name, its first place. */
function sourceOf(
  trans: TranslationBundle,
  { dataset, spec, version }: wire.DataInput
): string {
  if (dataset !== null) {
    return shown(version === null ? dataset : `${dataset}:${version}`);
  }
  const places = spec.paths.map(({ datastore, path, url }) =>
    shown(url ?? [datastore ?? '', path].filter(part => part).join('/'))
  );
  return places.length > 1
    ? trans.__('%1 and %2 more', places[0], places.length - 1)
    : places.join('');
}

/** Where an output goes, its template filled in as the service does it. */
function placeOf({ datastore, name, path }: wire.DataOutput, run: wire.Run): string {
  const filled = path.split('{run-id}').join(run.id).split('{output-name}').join(name);
  return `${datastore}/${filled}`;
}

function modeWord(trans: TranslationBundle, mode: wire.DataMode): string {
  switch (mode) {
    case 'mount':
      return trans.__('mounted');
    case 'download':
      return trans.__('downloaded');
    case 'direct':
      return trans.__('read by the script');
    case 'upload':
      return trans.__('uploaded');
  }
}
