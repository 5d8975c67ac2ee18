import type * as wire from '../../../src/api/wire';
import type { IFields, ISurroundings } from '../../../src/form/fields';
import { changesOf, EMPTY, fieldsOf, FLAG, read } from '../../../src/form/fields';
import { aRun, aSpec, aTarget } from '../builders';
import { trans } from '../fakes';

function aChoice(given: Partial<wire.ArgumentChoice> = {}): wire.ArgumentChoice {
  return {
    name: '--lr',
    positional: false,
    required: false,
    type: 'float',
    default: '0.1',
    choices: [],
    help: null,
    repeated: false,
    ...given
  };
}

function reading(
  fields: Partial<IFields>,
  around: Partial<ISurroundings> = {}
): ReturnType<typeof read> {
  return read(
    { ...EMPTY, path: 'digits/train.py', ...fields },
    { arguments: [], computes: null, environments: [], pythons: [], ...around },
    trans
  );
}

const LOCAL = aTarget({
  capacity: { cpus: 4, memory_bytes: 8 * 1024 ** 3, gpus: [] }
});

describe('a form', () => {
  it('needs no more than a script', () => {
    const { form, problems } = reading({});
    expect(problems).toEqual({});
    expect(form).toEqual({
      path: 'digits/train.py',
      source: null,
      experiment: 'train',
      name: null,
      arguments: [],
      variables: {},
      tags: {},
      interpreter: null,
      compute: 'local',
      resources: { cpus: null, gpus: 0, memory_bytes: null },
      timeout_s: null,
      priority: 0,
      retries: 0
    });
  });

  it.each<[Partial<IFields>, string]>([
    [{ path: '' }, 'path'],
    [{ path: 'data.csv' }, 'path'],
    [{ kind: 'code', code: '  ' }, 'code'],
    [{ retries: 'often' }, 'retries'],
    [{ source: 'elsewhere' }, 'source'],
    [{ source: 'digi' }, 'source'],
    [{ cpus: 'many' }, 'cpus'],
    [{ cpus: '0' }, 'cpus'],
    [{ cpus: '5' }, 'cpus'],
    [{ gpus: '1' }, 'gpus'],
    [{ memory: 'much' }, 'memory'],
    [{ memory: '0' }, 'memory'],
    [{ memory: '9GB' }, 'memory'],
    [{ timeout: 'soon' }, 'timeout'],
    [{ priority: 'high' }, 'priority'],
    [{ experiment: 'no spaces' }, 'experiment'],
    [{ extra: "it's" }, 'extra']
  ])('says what is wrong with %j, at its field', (fields, field) => {
    const { problems } = reading(fields, { computes: [LOCAL] });
    expect(Object.keys(problems)).toEqual([field]);
  });

  it('names the target that has not enough, and what it has', () => {
    const { problems } = reading({ cpus: '5', memory: '9GB' }, { computes: [LOCAL] });
    expect(problems).toEqual({ cpus: 'local has only 4.', memory: 'local has only 8 GB.' });
  });

  it('takes a folder above the script', () => {
    expect(reading({ path: 'a/b/train.py', source: 'a/' }).form.source).toBe('a');
    expect(reading({ path: 'a/train.py', source: 'a' }).form.source).toBeNull();
    expect(reading({ path: 'a/train.py', source: '.' }).problems).toEqual({});
  });

  it.each<[string, Partial<IFields>, Partial<wire.SubmitForm>]>([
    ['another Python', { environment: 'python:/opt/py' }, { interpreter: '/opt/py' }],
    ['a registered environment', { environment: 'named:fit' }, { environment: 'fit' }],
    [
      'an image',
      { environment: 'image', image: ' debian:12 ', packages: '' },
      { image: 'debian:12', packages: [] }
    ],
    [
      'packages',
      { environment: 'packages', packages: "torch 'pandas >= 2'" },
      { packages: ['torch', 'pandas >= 2'] }
    ]
  ])('runs in %s', (_, fields, form) => {
    const usual = { name: 'Python 3', interpreter: '/py', version: '3.11.2', default: true };
    const read = reading(fields, { pythons: [usual] });
    expect(read.problems).toEqual({});
    const { environment, image, interpreter, packages } = read.form;
    expect({ environment, image, interpreter, packages }).toEqual(form);
  });

  it.each<[Partial<IFields>, string]>([
    [{ environment: 'image' }, 'image'],
    [{ environment: 'image', image: 'a b' }, 'image'],
    [{ environment: 'packages' }, 'packages'],
    [{ environment: 'packages', packages: "'torch" }, 'packages']
  ])('says what an environment lacks: %j', (fields, field) => {
    expect(Object.keys(reading(fields).problems)).toEqual([field]);
  });

  it('names the usual interpreter, so that what is meant does not depend on the server', () => {
    const usual = { name: 'Python 3', interpreter: '/py', version: '3.11.2', default: true };
    expect(reading({}, { pythons: [usual] }).form.interpreter).toBe('/py');
  });

  it('reads resources, limit and priority', () => {
    const { form } = reading({ cpus: '2', memory: '1.5GB', timeout: '2h', priority: '-1' });
    expect(form.resources).toEqual({ cpus: 2, gpus: 0, memory_bytes: 1.5 * 1024 ** 3 });
    expect([form.timeout_s, form.priority]).toEqual([7200, -1]);
  });
});

describe('arguments', () => {
  const asks = [
    aChoice(),
    aChoice({ name: '--verbose', type: 'flag' }),
    aChoice({ name: 'data', positional: true, required: true, type: 'text' }),
    aChoice({ name: '--layers', type: 'int', repeated: true })
  ];

  it('are given in an order that argparse cannot mistake', () => {
    const { form, problems } = reading(
      {
        values: { '--lr': '0.01', '--verbose': FLAG, data: 'my data', '--layers': '3 4' },
        extra: "--note 'two words'"
      },
      { arguments: asks }
    );
    expect(problems).toEqual({});
    expect(form.arguments).toEqual([
      'my data',
      '--lr',
      '0.01',
      '--verbose',
      '--layers',
      '3',
      '4',
      '--note',
      'two words'
    ]);
  });

  it('that are left empty are not given', () => {
    const { form } = reading({ values: { data: 'x', '--lr': ' ' } }, { arguments: asks });
    expect(form.arguments).toEqual(['x']);
  });

  it('that the script requires are asked for', () => {
    const { problems } = reading({}, { arguments: asks });
    expect(problems).toEqual({ 'values.data': 'The script requires this.' });
  });

  it('can be given freely instead', () => {
    const required = [aChoice({ required: true })];
    expect(reading({ extra: '--lr=3' }, { arguments: required }).problems).toEqual({});
    expect(reading({ extra: '--lr 3' }, { arguments: required }).problems).toEqual({});
    expect(reading({ extra: '--lrx 3' }, { arguments: required }).problems).not.toEqual({});
  });

  it.each([
    ['--lr', 'fast', 'Use a number, such as 0.1 or 1e-3.'],
    ['--layers', '3 x', 'Use a whole number.'],
    ['--layers', "3 '", 'A quote is not closed.']
  ])('%s is not %s', (name, text, problem) => {
    const { problems } = reading({ values: { data: 'x', [name]: text } }, { arguments: asks });
    expect(problems).toEqual({ [`values.${name}`]: problem });
  });

  it.each(['1', '-1', '1_000', '1.5', '.5', '1e-3', 'inf', 'NaN'])('%s is a number', text => {
    expect(reading({ values: { '--lr': text } }, { arguments: [aChoice()] }).problems).toEqual(
      {}
    );
  });

  it('that begin with a dash stay with their name, but not for a notebook', () => {
    const values = { '--lr': '-0.5' };
    const around = { arguments: [aChoice()] };
    expect(reading({ values }, around).form.arguments).toEqual(['--lr=-0.5']);
    expect(reading({ values, path: 'a.ipynb' }, around).form.arguments).toEqual([
      '--lr',
      '-0.5'
    ]);
  });
});

describe('rows', () => {
  it('become variables and tags; empty ones are passed over', () => {
    const { form, problems } = reading({
      variables: [
        { id: '0', key: 'A', value: '1=2' },
        { id: '1', key: '', value: '' }
      ],
      tags: [
        { id: '0', key: 'best', value: '' },
        { id: '1', key: 'by', value: 'ada' }
      ]
    });
    expect(problems).toEqual({});
    expect(form.variables).toEqual({ A: '1=2' });
    expect(form.tags).toEqual({ best: null, by: 'ada' });
  });

  it('say what is wrong with them', () => {
    const { problems } = reading({
      variables: [
        { id: '0', key: 'A B', value: '' },
        { id: '1', key: '', value: 'x' },
        { id: '2', key: 'C', value: '1' },
        { id: '3', key: 'C', value: '2' }
      ]
    });
    expect(problems).toEqual({
      'variables.0': 'A name has no spaces and no “=”.',
      'variables.1': 'Name the variable.',
      'variables.3': 'This variable is set twice.'
    });
  });
});

describe('a run that is done again', () => {
  const run = aRun({
    spec: aSpec({
      name: 'lr',
      arguments: ['--note', 'two words'],
      variables: { A: '1' },
      resources: { cpus: 2, gpus: 0, memory_bytes: 4 * 1024 ** 3 },
      timeout_s: 3600,
      priority: 2,
      retries: 1
    })
  });

  it('fills the form so that nothing changes by itself', () => {
    const { form, problems } = reading(fieldsOf(run));
    expect(problems).toEqual({});
    expect(changesOf(form)).toEqual({
      resources: run.spec.resources,
      arguments: run.spec.arguments,
      variables: run.spec.variables,
      timeout_s: 3600,
      priority: 2,
      retries: 1,
      name: 'lr'
    });
  });

  it('has no limit when that is taken away', () => {
    const { form } = reading({ ...fieldsOf(run), timeout: '' });
    expect(changesOf(form).timeout_s).toBe(2_592_000);
  });
});
