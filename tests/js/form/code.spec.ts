import type * as wire from '../../../src/api/wire';
import type { IPlace } from '../../../src/form/code';
import { asMagic, asPython, magicWord, pythonString } from '../../../src/form/code';

const PLACE: IPlace = {
  root: '/home/ada',
  workspace: { default: true, directory: '/home/ada/ws' },
  interpreter: '/usr/bin/python3'
};

function aForm(given: Partial<wire.SubmitForm> = {}): wire.SubmitForm {
  return { path: 'digits/train.py', experiment: 'train', compute: 'local', ...given };
}

describe('the magic', () => {
  it('is a line for a file, with its experiment always named', () => {
    const { text, lacks } = asMagic(aForm(), PLACE);
    expect(text).toBe('%train /home/ada/digits/train.py --experiment train');
    expect(lacks).toEqual([]);
  });

  it('is a cell for a text', () => {
    const form = aForm({
      path: null,
      code: 'print(1)\n',
      experiment: 'demo',
      source: 'digits'
    });
    expect(asMagic(form, PLACE).text).toBe(
      '%%train --experiment demo --source /home/ada/digits\nprint(1)\n'
    );
  });

  it('says everything that it has an option for', () => {
    const form = aForm({
      name: 'lr 0.1',
      compute: 'big',
      resources: { cpus: 2, gpus: 1, memory_bytes: 4 * 1024 ** 3 },
      variables: { TOKENIZERS: 'a b' },
      tags: { best: null, by: 'ada' },
      source: '',
      timeout_s: 7200,
      priority: -5,
      retries: 2,
      force: true,
      arguments: ['--lr', '0.1', '--note', "it's"]
    });
    expect(asMagic(form, PLACE).text).toBe(
      "%train /home/ada/digits/train.py --name 'lr 0.1' --experiment train --compute big" +
        " --cpus 2 --gpus 1 --memory 4GB --env 'TOKENIZERS=a b' --tag best --tag by=ada --source /home/ada" +
        ` --timeout 2h --priority=-5 --retries 2 --force -- --lr 0.1 --note 'it'"'"'s'`
    );
  });

  it('says what it has no words for', () => {
    const form = aForm({
      tags: { 'a=b': null },
      interpreter: '/opt/py38/bin/python',
      arguments: ['a\nb']
    });
    const place = { ...PLACE, workspace: { ...PLACE.workspace, default: false } };
    expect(asMagic(form, place).lacks).toEqual([
      'tags',
      'interpreter',
      'workspace',
      'line breaks'
    ]);
  });

  it('does not name the Python that the notebook has anyway', () => {
    expect(asMagic(aForm({ interpreter: '/usr/bin/python3' }), PLACE).lacks).toEqual([]);
  });

  it.each([
    ['plain', 'plain'],
    ['~/x.py', '~/x.py'],
    ['', "''"],
    ['a$b', "'a$''b'"],
    ['$$', "'$''$'''"],
    ['{x}', "'{{x}}'"],
    ["it's $1 {a}", `'it'"'"'s $''1 {{a}}'`],
    ['what?', "'what?'"]
  ])('writes %j so that IPython leaves it alone', (word, written) => {
    expect(magicWord(word)).toBe(written);
  });
});

describe('the environment', () => {
  const python = (form: Partial<wire.SubmitForm>): string =>
    asPython(aForm(form), PLACE)?.replace(/^[^]*default\(\)\n|config = [^]*$/g, '') ?? '';

  it('is a registered one', () => {
    expect(asMagic(aForm({ environment: 'fit:2' }), PLACE).text).toMatch(/ --env fit:2$/);
    expect(python({ environment: 'fit:2' })).toBe(
      'environment = Environment.get(ws, "fit", "2")\n'
    );
  });

  it('is an image', () => {
    const form = { image: 'r.example:5000/team/torch:2.9' };
    expect(asMagic(aForm(form), PLACE).text).toContain(
      ' --image r.example:5000/team/torch:2.9'
    );
    expect(python(form)).toBe(
      'environment = Environment.from_docker_image("torch", "r.example:5000/team/torch:2.9")\n'
    );
  });

  it('is an image with packages in it', () => {
    const form = { image: 'python:3.11', packages: ['torch', 'pandas>=2'] };
    expect(asMagic(aForm(form), PLACE).text).toContain(
      " --image python:3.11 --pip torch --pip 'pandas>=2'"
    );
    expect(python(form))
      .toBe(`environment = Environment.from_docker_image("my-python", "python:3.11")
environment.python.user_managed_dependencies = False
environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["torch", "pandas>=2"])
`);
  });

  it('is some packages', () => {
    expect(asMagic(aForm({ packages: ['torch'] }), PLACE).text).toMatch(/ --pip torch$/);
    expect(asPython(aForm({ packages: ['torch>=2'] }), PLACE)).toContain(
      'environment = Environment("torch")'
    );
  });
});

describe('the Python', () => {
  it('is a config and a submit', () => {
    expect(asPython(aForm(), PLACE))
      .toBe(`from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace

ws = Workspace.default()
config = ScriptRunConfig(
    source_directory="/home/ada/digits",
    script="train.py",
    compute_target="local",
)
run = Experiment(ws, "train").submit(config)
`);
  });

  it('says everything', () => {
    const form = aForm({
      path: 'digits/src/train.py',
      source: 'digits',
      name: 'lr "0.1"',
      interpreter: '/opt/py38/bin/python',
      resources: { cpus: 2, gpus: 1, memory_bytes: 4 * 1024 ** 3 },
      variables: { A: '1' },
      tags: { kind: null, by: 'ada' },
      timeout_s: 7200,
      priority: 3,
      retries: 1,
      force: true,
      arguments: ['--lr', '0.1']
    });
    const place = { ...PLACE, workspace: { default: false, directory: '/home/ada/ws' } };
    expect(asPython(form, place))
      .toBe(`from jupyter_mltrain import Environment, Experiment, ScriptRunConfig, Workspace
from jupyter_mltrain.spec import Resources

ws = Workspace.at("/home/ada/ws")
environment = Environment("python")
environment.python.user_managed_dependencies = True
environment.python.interpreter_path = "/opt/py38/bin/python"
config = ScriptRunConfig(
    source_directory="/home/ada/digits",
    script="src/train.py",
    arguments=["--lr", "0.1"],
    compute_target="local",
    environment=environment,
    max_run_duration_seconds=7200,
    resources=Resources(cpus=2, gpus=1, memory_bytes=4 * 1024**3),
    name="lr \\"0.1\\"",
)
config.run_config.environment_variables = {"A": "1"}
config.run_config.priority = 3
config.run_config.retries = 1
run = Experiment(ws, "train").submit(config, tags={"kind": None, "by": "ada"}, force=True)
`);
  });

  it('is not there for a text that is in no file', () => {
    expect(asPython(aForm({ path: null, code: 'print(1)' }), PLACE)).toBeNull();
  });

  it('begins where it runs when Jupyter does not say its root', () => {
    const text = asPython(aForm(), { ...PLACE, root: '' });
    expect(text).toContain('source_directory="./digits"');
    expect(asPython(aForm({ path: 'train.py' }), { ...PLACE, root: '' })).toContain(
      'source_directory="."'
    );
  });

  it.each([
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['line\nbreak', '"line\\nbreak"'],
    ['\u202egnp', '"\\u202egnp"'],
    ['ü 学', '"ü 学"'],
    ['\0', '"\\u0000"']
  ])('writes %j as a literal', (text, literal) => {
    expect(pythonString(text)).toBe(literal);
  });
});
