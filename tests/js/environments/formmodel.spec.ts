import { ApiError } from '../../../src/api/error';
import type * as wire from '../../../src/api/wire';
import type { IEnvironmentFormOptions } from '../../../src/environments/formmodel';
import { EnvironmentFormModel } from '../../../src/environments/formmodel';
import type { IVerbs } from '../../../src/tokens';
import { aBuild, anEnvironment, somePackages } from '../builders';
import { aWorkspace, FakeTraining, settle, trans } from '../fakes';

const SAVED: wire.EnvironmentVersion = {
  spec: anEnvironment({ name: 'fit', version: '3' }),
  registered_at: null,
  build: null
};

function aModel(
  verbs: Partial<IVerbs>,
  options: Partial<IEnvironmentFormOptions> = {}
): EnvironmentFormModel {
  const training = new FakeTraining([aWorkspace(verbs)]);
  return new EnvironmentFormModel({
    training,
    trans,
    workspaceId: 'w1',
    purpose: 'new',
    ...options
  });
}

test('what is complete is saved, and built when that is asked for', async () => {
  const asked: unknown[] = [];
  const model = aModel({
    describe: form => {
      asked.push(form.pip);
      return Promise.resolve(SAVED);
    },
    startBuild: request => {
      asked.push(request.environment);
      return Promise.resolve(aBuild());
    }
  });
  model.fill({ name: 'fit', pip: 'torch' });
  expect((await model.save('', false))?.build).toBeNull();
  expect((await model.save('', true))?.build).toEqual(aBuild());
  expect(asked).toEqual(['torch', 'torch', 'fit:3']);
});

test('what is missing is said after a save, and nothing is sent', async () => {
  const model = aModel({});
  expect(model.state.problems).toEqual({});
  expect(await model.save('', true)).toBeNull();
  expect(Object.keys(model.state.problems)).toEqual(['name', 'pip']);
});

test('the password goes first, to who keeps it, and stays nowhere', async () => {
  const order: unknown[] = [];
  const model = aModel({
    keepPassword: request => {
      order.push(request);
      return Promise.resolve();
    },
    describe: form => {
      order.push(JSON.stringify(form).includes('s3cret'));
      return Promise.resolve(SAVED);
    }
  });
  model.fill({ name: 'fit', base: 'image', image: 'r.example/torch', username: 'ada' });
  await model.save('s3cret', false);
  expect(order).toEqual([{ address: 'r.example', username: 'ada', password: 's3cret' }, false]);
  expect(JSON.stringify(model.state)).not.toContain('s3cret');
});

test('a password is of somebody', async () => {
  const model = aModel({});
  model.fill({ name: 'fit', base: 'image', image: 'r.example/torch' });
  expect(await model.save('s3cret', false)).toBeNull();
  expect(Object.keys(model.state.problems)).toEqual(['username']);
});

test('what the server refuses is said in the form, until something is changed', async () => {
  const refusal = new ApiError('invalid_spec', 'Line 2: no requirement.', 400);
  const model = aModel({ describe: () => Promise.reject(refusal) });
  model.fill({ name: 'fit', pip: 'torch\n?' });
  expect(await model.save('', true)).toBeNull();
  expect(model.state).toMatchObject({ saving: false, refusal: 'Line 2: no requirement.' });
  model.fill({ pip: 'torch' });
  expect(model.state.refusal).toBeNull();
});

test('an edit begins with the latest version, a copy without its name', async () => {
  const spec = anEnvironment({
    name: 'fit',
    version: '2',
    packages: somePackages({ pip: ['torch'] })
  });
  const environment = (): Promise<wire.EnvironmentDetails> =>
    Promise.resolve({ name: 'fit', reserved: false, versions: [{ ...SAVED, spec }] });
  const edited = aModel({ environment }, { purpose: 'edit', environment: 'fit' });
  const copied = aModel({ environment }, { purpose: 'clone', environment: 'fit' });
  expect(edited.state.loading).toBe(true);
  await settle();
  expect(edited.state).toMatchObject({ loading: false, fields: { name: 'fit', pip: 'torch' } });
  expect(copied.state).toMatchObject({ base: spec, fields: { name: '', pip: 'torch' } });
});

test('an environment that is gone is said', async () => {
  const gone = new ApiError('no_such_environment', "No environment 'fit'.", 404);
  const model = aModel(
    { environment: () => Promise.reject(gone) },
    { purpose: 'edit', environment: 'fit' }
  );
  await settle();
  expect(model.state).toMatchObject({ loading: false, refusal: "No environment 'fit'." });
});

test('an image comes with its packages, a machine without any', () => {
  const model = aModel({});
  model.fill({ base: 'image' });
  expect(model.state.fields.installs).toBe('none');
  model.fill({ base: 'packages' });
  expect(model.state.fields.installs).toBe('pip');
  model.fill({ pip: 'torch' });
  model.fill({ base: 'dockerfile' });
  expect(model.state.fields.installs).toBe('pip');
});
