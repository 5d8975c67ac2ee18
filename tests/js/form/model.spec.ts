import { ApiError } from '../../../src/api/error';
import type * as wire from '../../../src/api/wire';
import { FormModel } from '../../../src/form/model';
import type { IVerbs } from '../../../src/tokens';
import { aRun } from '../builders';
import { aWorkspace, FakeTraining, settle, trans } from '../fakes';

const PREVIEW: wire.Preview = {
  files: [{ name: 'train.py', size_bytes: 12 }],
  total: 1,
  total_bytes: 12,
  ignored: [],
  ignored_total: 0,
  warnings: [],
  errors: []
};

function verbs(given: Partial<IVerbs> = {}): Partial<IVerbs> {
  return {
    pythons: () => Promise.resolve([]),
    experiments: () => Promise.resolve({ digits: 3 }),
    arguments: () => Promise.resolve({ arguments: [] }),
    preview: () => Promise.resolve(PREVIEW),
    submit: () => Promise.resolve(aRun()),
    ...given
  };
}

async function aForm(
  given: Partial<IVerbs> = {},
  path = 'digits/train.py'
): Promise<FormModel> {
  const model = new FormModel({
    training: new FakeTraining([aWorkspace(verbs(given))]),
    trans,
    fields: { path }
  });
  await settle();
  return model;
}

describe('FormModel', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('submits what is filled in, and says what became of it', async () => {
    const submit = jest.fn(() => Promise.resolve(aRun({ number: 7 })));
    const model = await aForm({ submit });
    model.fill({ name: 'lr', extra: '--lr 0.1' });
    expect((await model.submit())?.number).toBe(7);
    expect(submit).toHaveBeenCalledWith(
      expect.objectContaining({
        path: 'digits/train.py',
        name: 'lr',
        arguments: ['--lr', '0.1'],
        force: false
      })
    );
  });

  it('is sent once, however often the button is clicked', async () => {
    const submit = jest.fn(() => Promise.resolve(aRun()));
    const model = await aForm({ submit });
    const first = model.submit();
    const second = model.submit();
    expect(model.state.sending).toBe(true);
    expect([await first, await second].filter(Boolean)).toHaveLength(1);
    expect(submit).toHaveBeenCalledTimes(1);
  });

  it('is not changed while it is sent', async () => {
    const model = await aForm();
    const sent = model.submit();
    model.fill({ name: 'late' });
    await sent;
    expect(model.state.fields.name).toBe('');
  });

  it('submitted again after a cut is the same run', async () => {
    const ids: (string | null | undefined)[] = [];
    const cut = new ApiError('unreachable', 'The Jupyter server does not answer.', 0);
    const submit = jest.fn((form: wire.SubmitForm) => {
      ids.push(form.request_id);
      return ids.length === 1 ? Promise.reject(cut) : Promise.resolve(aRun());
    });
    const model = await aForm({ submit });
    expect(await model.submit()).toBeNull();
    expect(model.state.refusal).toContain('does not answer');
    expect(await model.submit()).not.toBeNull();
    expect(ids[0]).toBeTruthy();
    expect(ids[1]).toBe(ids[0]);
  });

  it('filled in otherwise is another run', async () => {
    const ids: (string | null | undefined)[] = [];
    const cut = new ApiError('unreachable', 'The Jupyter server does not answer.', 0);
    const model = await aForm({
      submit: form => {
        ids.push(form.request_id);
        return Promise.reject(cut);
      }
    });
    await model.submit();
    model.fill({ name: 'another' });
    await model.submit();
    expect(ids[1]).not.toBe(ids[0]);
  });

  it('says what is missing only after it was to be submitted', async () => {
    const model = await aForm({}, '');
    expect(model.state.problems).toEqual({});
    expect(await model.submit()).toBeNull();
    expect(Object.keys(model.state.problems)).toEqual(['path']);
  });

  it('says at once what is wrong with what was filled in', async () => {
    const model = await aForm({}, '');
    model.fill({ memory: 'much' });
    expect(Object.keys(model.state.problems)).toEqual(['memory']);
  });

  it('lets the checks be skipped when they alone refuse', async () => {
    const refused = new ApiError('checks_failed', 'train.py imports xgboost. Install it.', 400);
    const submit = jest.fn(({ force }: wire.SubmitForm) =>
      force ? Promise.resolve(aRun()) : Promise.reject(refused)
    );
    const model = await aForm({ submit });
    await model.submit();
    expect([model.state.refusal, model.state.forcible]).toEqual([
      'train.py imports xgboost. Install it.',
      true
    ]);
    expect(await model.submit(true)).not.toBeNull();
  });

  it('puts a refusal at the field that it is about', async () => {
    const missing = new ApiError('no_such_file', 'There is no train.py.', 404);
    const model = await aForm({ submit: () => Promise.reject(missing) });
    await model.submit();
    expect(model.state.problems).toEqual({ path: 'There is no train.py.' });
    expect(model.state.refusal).toBeNull();
  });

  it('forgets a refusal when something else is filled in', async () => {
    const refused = new ApiError('invalid_spec', 'No.', 400);
    const model = await aForm({ submit: () => Promise.reject(refused) });
    await model.submit();
    model.fill({ name: 'x' });
    expect([model.state.refusal, model.state.forcible]).toEqual([null, false]);
  });

  it('asks what the script takes, when its path has been typed', async () => {
    const asked = jest.fn(() =>
      Promise.resolve({
        arguments: [
          {
            name: '--lr',
            positional: false,
            required: true,
            type: 'float',
            default: null,
            choices: [],
            help: null,
            repeated: false
          }
        ]
      })
    );
    const model = await aForm({ arguments: asked }, '');
    for (const path of ['t', 'train.p', 'train.py']) {
      model.fill({ path });
    }
    expect(model.state.reading).toBe(true);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(asked).toHaveBeenCalledWith('train.py');
    expect(model.state.around.arguments.map(({ name }) => name)).toEqual(['--lr']);
    expect([model.state.reading, model.state.complete]).toEqual([false, false]);
  });

  it('previews what would travel, once it is no longer changed', async () => {
    const preview = jest.fn(() => Promise.resolve(PREVIEW));
    const model = await aForm({ preview }, '');
    model.fill({ path: 'train.py' });
    expect(model.state.previewing).toBe(true);
    model.fill({ name: 'x' });
    await jest.advanceTimersByTimeAsync(2_000);
    expect(preview).toHaveBeenCalledTimes(1);
    expect([model.state.preview, model.state.previewing]).toEqual([PREVIEW, false]);
  });

  it('shows no preview that came too late', async () => {
    const first = { ...PREVIEW, total: 99 };
    let give: (preview: wire.Preview) => void = () => undefined;
    const preview = jest
      .fn<Promise<wire.Preview>, []>()
      .mockImplementationOnce(() => new Promise(resolve => (give = resolve)))
      .mockImplementation(() => Promise.resolve(PREVIEW));
    const model = await aForm({ preview });
    await jest.advanceTimersByTimeAsync(600);
    model.fill({ source: '.' });
    await jest.advanceTimersByTimeAsync(600);
    give(first);
    await settle();
    expect(model.state.preview).toBe(PREVIEW);
  });

  it('says why there is no preview', async () => {
    const model = await aForm({ preview: () => Promise.reject(new Error('no such folder')) });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(model.state.unpreviewed).toBe('no such folder');
  });

  it('does a run again, with what was changed', async () => {
    const base = aRun();
    const again = jest.fn(() => Promise.resolve(aRun({ number: 43 })));
    const workspace = aWorkspace(verbs({ again }));
    const model = new FormModel({ training: new FakeTraining([workspace]), trans, base });
    await settle();
    model.fill({ memory: '8GB' });
    expect((await model.submit())?.number).toBe(43);
    expect(again).toHaveBeenCalledWith(
      base.id,
      expect.objectContaining({
        resources: { cpus: null, gpus: 0, memory_bytes: 8 * 1024 ** 3 },
        request_id: expect.any(String) as string
      })
    );
  });

  it('can be for another workspace', async () => {
    const one = aWorkspace(verbs());
    const other = aWorkspace(verbs(), 'w2');
    const model = new FormModel({ training: new FakeTraining([one, other]), trans });
    await settle();
    expect([model.state.workspaceId, one.held]).toEqual(['w1', 1]);
    model.choose('w2');
    expect([model.state.workspaceId, one.held, other.held]).toEqual(['w2', 0, 1]);
  });

  it('says why nothing can be submitted', async () => {
    const training = new FakeTraining([]);
    training.problem = 'The server extension is not there.';
    const model = new FormModel({ training, trans });
    await settle();
    expect(model.state.problem).toBe('The server extension is not there.');
    expect(await model.submit()).toBeNull();
  });

  it('lets everything go when it is disposed of', async () => {
    const workspace = aWorkspace(verbs());
    const model = new FormModel({ training: new FakeTraining([workspace]), trans });
    await settle();
    model.dispose();
    expect([workspace.held, workspace.computes.held]).toEqual([0, 0]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
