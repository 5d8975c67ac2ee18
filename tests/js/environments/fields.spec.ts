import type { IEnvironmentFields } from '../../../src/environments/fields';
import { condaText, EMPTY, fieldsOf, read, registryOf } from '../../../src/environments/fields';
import { anEnvironment, anImage, somePackages } from '../builders';
import { trans } from '../fakes';

function reading(fields: Partial<IEnvironmentFields>): ReturnType<typeof read> {
  return read({ ...EMPTY, name: 'fit', ...fields }, trans);
}

describe('the form of an environment', () => {
  it('is packages of pip', () => {
    const { form, problems } = reading({ pip: 'torch\npandas', python: '3.11' });
    expect(problems).toEqual({});
    expect(form).toEqual({ name: 'fit', variables: {}, pip: 'torch\npandas', python: '3.11' });
  });

  it('is a conda specification', () => {
    const { form, problems } = reading({ installs: 'conda', conda: 'dependencies: [numpy]' });
    expect(problems).toEqual({});
    expect(form).toEqual({ name: 'fit', variables: {}, conda: 'dependencies: [numpy]' });
  });

  it('is an image of a private registry', () => {
    const { form, problems } = reading({
      base: 'image',
      image: ' r.example/team/torch ',
      installs: 'none',
      registry: 'https://r.example/',
      username: 'ada',
      shm: '4GB',
      arguments: "--label 'two words'"
    });
    expect(problems).toEqual({});
    expect(form).toMatchObject({
      image: 'r.example/team/torch',
      registry: 'r.example',
      username: 'ada',
      shm_bytes: 4 * 1_024 ** 3,
      arguments: ['--label', 'two words']
    });
    expect(form.pip).toBeUndefined();
  });

  it('is a Dockerfile with packages on top', () => {
    const { form, problems } = reading({
      base: 'dockerfile',
      dockerfile: '# mine\nFROM debian:12\n',
      context: 'project/',
      snapshot: '5eed',
      installs: 'pip',
      pip: 'torch'
    });
    expect(problems).toEqual({});
    expect(form).toMatchObject({ context: 'project', snapshot: null, pip: 'torch' });
  });

  it('goes on with the files of the version before, unless a folder is named', () => {
    const dockerfile = 'FROM debian:12';
    const fields = {
      base: 'dockerfile',
      installs: 'none',
      dockerfile,
      snapshot: '5eed'
    } as const;
    expect(reading(fields).form).toMatchObject({ context: null, snapshot: '5eed' });
  });

  it.each<[Partial<IEnvironmentFields>, string]>([
    [{ name: '', pip: 'a' }, 'name'],
    [{ name: '-fit', pip: 'a' }, 'name'],
    [{ name: 'Mltrain-fit', pip: 'a' }, 'name'],
    [{}, 'pip'],
    [{ installs: 'conda' }, 'conda'],
    [{ pip: 'a', python: 'three' }, 'python'],
    [{ base: 'image', installs: 'none' }, 'image'],
    [{ base: 'image', installs: 'none', image: 'a b' }, 'image'],
    [{ base: 'dockerfile', installs: 'none' }, 'dockerfile'],
    [{ base: 'dockerfile', installs: 'none', dockerfile: 'RUN true' }, 'dockerfile'],
    [{ base: 'image', installs: 'none', image: 'a', shm: 'much' }, 'shm'],
    [{ base: 'image', installs: 'none', image: 'a', arguments: "'" }, 'arguments'],
    [{ pip: 'a', variables: [{ id: '0', key: 'A B', value: '' }] }, 'variables.0']
  ])('says what is wrong with %j', (fields, field) => {
    expect(Object.keys(reading(fields).problems)).toEqual([field]);
  });

  it('needs no package where a version of Python is asked for', () => {
    expect(reading({ python: '>=3.10' }).problems).toEqual({});
  });
});

describe('an environment that is there', () => {
  it('fills the form with what makes it again', () => {
    const spec = anEnvironment({
      name: 'fit',
      version: '2',
      interpreter: '/opt/py',
      variables: { SEED: '1' },
      packages: somePackages({ pip: ['torch', 'pandas'] }),
      image: anImage({ image: 'debian:12', arguments: ['--label', 'a b'], shm_bytes: 2 ** 30 })
    });
    const { form, problems } = read(fieldsOf(spec), trans);
    expect(problems).toEqual({});
    expect(form).toEqual({
      name: 'fit',
      variables: { SEED: '1' },
      pip: 'torch\npandas',
      python: null,
      image: 'debian:12',
      registry: null,
      username: null,
      platform: null,
      interpreter: '/opt/py',
      shm_bytes: 2 ** 30,
      arguments: ['--label', 'a b']
    });
  });

  it('shows packages of conda as a specification', () => {
    const packages = somePackages({
      python: '3.11',
      channels: ['conda-forge', 'file:///my channel'],
      conda: ['numpy>=2', 'gcc[version>=9]'],
      pip: ['torch']
    });
    const fields = fieldsOf(anEnvironment({ name: 'fit', packages }));
    expect([fields.base, fields.installs]).toEqual(['packages', 'conda']);
    expect(fields.conda).toBe(condaText(packages));
    expect(fields.conda).toBe(`channels:
  - conda-forge
  - "file:///my channel"
dependencies:
  - python=3.11
  - numpy>=2
  - "gcc[version>=9]"
  - pip:
      - torch
`);
  });

  it('of an image as it is has no packages', () => {
    const spec = anEnvironment({ name: 'a', image: anImage({ dockerfile: 'FROM b' }) });
    expect(fieldsOf(spec)).toMatchObject({ base: 'dockerfile', installs: 'none' });
  });
});

it.each([
  ['python:3.11', 'docker.io'],
  ['team/torch', 'docker.io'],
  ['localhost/torch', 'localhost'],
  ['r.example:5000/team/torch', 'r.example:5000']
])('%s is pulled from %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});
