import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import { ApiError } from '../../../src/api/error';
import type * as wire from '../../../src/api/wire';
import { ModelPageModel } from '../../../src/models/model';
import { ModelView } from '../../../src/models/ModelView';
import type { IVerbs } from '../../../src/tokens';
import type { IFakeWorkspace } from '../fakes';
import { aModel, aRun } from '../builders';
import { aWorkspace, FakeTraining, settle, trans } from '../fakes';

const RUN = aRun();

interface IShown {
  model: ModelPageModel;
  workspace: IFakeWorkspace;
  onCopy: jest.Mock;
  onOpenRun: jest.Mock;
}

async function show(
  versions: wire.Model[] | ApiError,
  version: number | null = null,
  verbs: Partial<IVerbs> = {}
): Promise<IShown> {
  const workspace = aWorkspace({
    models: () =>
      versions instanceof ApiError ? Promise.reject(versions) : Promise.resolve(versions),
    modelUrl: (name, number) => `/${name}/${number}/zip`,
    modelFileUrl: (name, number, file) => `/${name}/${number}/${file}`,
    ...verbs
  });
  workspace.runs.know(RUN);
  const model = new ModelPageModel(
    new FakeTraining([workspace]),
    'w1',
    'digits',
    trans,
    version
  );
  model.watch();
  const props = { onCopy: jest.fn(), onOpenRun: jest.fn(), onMenu: jest.fn() };
  await act(async () => {
    render(<ModelView model={model} trans={trans} {...props} />);
    await settle();
  });
  return { model, workspace, ...props };
}

describe('the page of a model', () => {
  it('shows the latest version, whatever the order of the answer', async () => {
    const { onCopy } = await show([aModel(), aModel({ version: 3 }), aModel({ version: 2 })]);
    expect(screen.getByRole('status').textContent).toBe('digits, version 3');
    const buttons = within(screen.getByRole('navigation', { name: 'Versions' })).getAllByRole(
      'button'
    );
    expect(buttons.map(({ textContent }) => /^Version \d/.exec(textContent)?.[0])).toEqual([
      'Version 3',
      'Version 2',
      'Version 1'
    ]);
    expect(buttons[0].getAttribute('aria-current')).toBe('true');
    fireEvent.click(screen.getByRole('button', { name: 'Copy code' }));
    expect(onCopy).toHaveBeenCalledWith('Model(ws, "digits", version=3)');
  });

  it('goes to another version', async () => {
    await show([
      aModel(),
      aModel({ version: 2, description: 'Better.\nMuch.', files: [], size_bytes: 0 })
    ]);
    expect(screen.getByText(/Better\.\s+Much\./)).toBeTruthy();
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: /^Version 1/ }));
      await settle();
    });
    expect(screen.getByRole('status').textContent).toBe('digits, version 1');
    const group = screen.getByRole('group', { name: 'Version 1' });
    const file = within(group).getByRole('link', { name: 'Download model.bin' });
    expect(file.getAttribute('href')).toBe('/digits/1/model.bin');
    const all = screen.getByRole('link', { name: 'Download version 1 of digits' });
    expect(all.getAttribute('href')).toBe('/digits/1/zip');
  });

  it('says what it was made from', async () => {
    const datasets = [
      { label: 'training', dataset_id: 'd1', dataset: 'mnist', version: 2 },
      { label: 'check', dataset_id: 'd2', dataset: null, version: null }
    ];
    const { onOpenRun } = await show([aModel({ datasets, framework: 'ScikitLearn' })]);
    const part = screen.getByRole('region', { name: 'Where it came from' });
    expect(part.textContent).toContain('training: mnist:2');
    expect(part.textContent).toContain('check: d2');
    expect(screen.getByText('ScikitLearn')).toBeTruthy();
    fireEvent.click(within(part).getByRole('button', { name: 'digits #42' }));
    expect(onOpenRun).toHaveBeenCalledWith(RUN.id);
  });

  it('says that its run is not there any more', async () => {
    await show([aModel({ run_id: 'gone_1' })]);
    const part = screen.getByRole('region', { name: 'Where it came from' });
    expect(part.textContent).toContain('gone_1 (not there any more)');
  });

  it('shows what others have written as text', async () => {
    await show([
      aModel({ description: '<img src=x onerror=alert(1)>', framework: 'a\u202eb' })
    ]);
    expect(document.querySelector('img')).toBeNull();
    expect(screen.getByText('a\ufffdb')).toBeTruthy();
  });

  it('changes tags', async () => {
    const changeModel = jest.fn(() => Promise.resolve(aModel()));
    await show([aModel({ tags: { area: 'digits' } })], null, { changeModel });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Remove tag area' }));
      await settle();
    });
    expect(changeModel).toHaveBeenCalledWith('digits', 1, {
      set_tags: undefined,
      remove_tags: ['area']
    });
  });

  it('shows many files in pieces', async () => {
    const files = Array.from({ length: 450 }, (_, index) => ({
      name: `part-${index}`,
      size_bytes: 1,
      modified_at: '2026-11-20T12:00:00Z'
    }));
    await show([aModel({ files })]);
    expect(screen.getAllByRole('link', { name: /Download part/ })).toHaveLength(200);
    fireEvent.click(screen.getByRole('button', { name: 'Show more of 450' }));
    expect(screen.getAllByRole('link', { name: /Download part/ })).toHaveLength(400);
  });

  it('asks for the files that the list has left out, once they are wanted', async () => {
    const files = Array.from({ length: 30 }, (_, index) => ({
      name: `part-${index}`,
      size_bytes: 1,
      modified_at: '2026-11-20T12:00:00Z'
    }));
    const version = jest.fn(async () => aModel({ files }));
    const first = aModel({ files: files.slice(0, 20), file_count: 30 });
    await show([first], null, { model: version });
    expect(screen.getByText('30 files')).not.toBeNull();
    expect(screen.getAllByRole('link', { name: /Download part/ })).toHaveLength(20);
    expect(version).not.toHaveBeenCalled();
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Show more of 30' }));
      await settle();
    });
    expect(screen.getAllByRole('link', { name: /Download part/ })).toHaveLength(30);
    expect(screen.queryByRole('button', { name: 'Show more of 30' })).toBeNull();
  });

  it('says why the other files of a version cannot be shown', async () => {
    const version = (): Promise<never> =>
      Promise.reject(new ApiError('gone', 'It is gone.', 404));
    await show([aModel({ file_count: 30 })], null, { model: version });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Show more of 30' }));
      await settle();
    });
    expect(screen.getByText('It is gone.')).not.toBeNull();
  });

  it('follows what is registered while it is looked at', async () => {
    jest.useFakeTimers();
    const versions = [aModel()];
    const { workspace } = await show(versions);
    versions.push(aModel({ version: 2 }));
    await act(async () => {
      workspace.models.touched.emit();
      jest.advanceTimersByTime(1_000);
      await settle();
    });
    jest.useRealTimers();
    expect(screen.getByRole('status').textContent).toBe('digits, version 2');
  });

  it('says what is not there', async () => {
    await show([]);
    expect(screen.getByRole('alert').textContent).toBe(
      'There is no model digits in this workspace (any more).'
    );
  });

  it('says which version is not there, and shows the latest', async () => {
    await show([aModel({ version: 2 })], 1);
    expect(screen.getAllByRole('alert')[0].textContent).toBe(
      'digits has no version 1 (any more).'
    );
    expect(screen.getByRole('status').textContent).toBe('digits, version 2');
  });

  it('says why the versions cannot be listed', async () => {
    await show(new ApiError('internal', 'The disk is full.', 500));
    expect(screen.getByRole('alert').textContent).toBe('The disk is full.');
  });

  it('lets go of everything', async () => {
    const { model, workspace } = await show([aModel()]);
    model.dispose();
    model.dispose();
    expect(workspace.held).toBe(0);
  });
});
