import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type { IRegisterFields } from '../../../src/models/registering';
import { becomes, readRegister, RegisterView } from '../../../src/models/registering';
import { aModel } from '../builders';
import { trans } from '../fakes';

const GIVEN: IRegisterFields = { name: 'digits', description: '', tags: [] };

test('a model needs no more than a name', () => {
  expect(readRegister({ ...GIVEN, name: ' digits ' }, trans)).toEqual({
    request: { name: 'digits', description: null, tags: {} },
    problems: {}
  });
});

test('words and tags go with it', () => {
  const tags = [
    { id: '0', key: 'area', value: 'digits' },
    { id: '1', key: 'best', value: '' }
  ];
  const { request } = readRegister({ ...GIVEN, description: ' Good. ', tags }, trans);
  expect(request).toMatchObject({
    description: 'Good.',
    tags: { area: 'digits', best: null }
  });
});

test.each<[Partial<IRegisterFields>, string]>([
  [{ name: '' }, 'name'],
  [{ name: 'a/b' }, 'name'],
  [{ name: '.hidden' }, 'name'],
  [{ tags: [{ id: '4', key: '', value: 'x' }] }, 'tags.4']
])('%j is refused', (fields, field) => {
  expect(Object.keys(readRegister({ ...GIVEN, ...fields }, trans).problems)).toEqual([field]);
});

test('it is said which version it becomes', () => {
  const models = [aModel({ version: 2 })];
  expect(becomes(trans, 'digits', models)).toBe('Becomes version 3 of it.');
  expect(becomes(trans, 'other', models)).toBe('A new model: becomes its version 1.');
  expect(becomes(trans, 'no name', models)).toBe('');
});

test('the dialog offers the names that there are', () => {
  const onFill = jest.fn();
  const { container } = render(
    <RegisterView
      fields={{ ...GIVEN, name: '' }}
      models={[aModel({ version: 2 })]}
      what="outputs/model.bin of digits #42"
      tried={true}
      trans={trans}
      onFill={onFill}
    />
  );
  expect(container.querySelector('option')?.value).toBe('digits');
  const name = screen.getByRole('combobox', { name: /Name/ });
  expect(name.getAttribute('aria-invalid')).toBe('true');
  fireEvent.change(name, { target: { value: 'digits' } });
  expect(onFill).toHaveBeenCalledWith({ name: 'digits' });
});
