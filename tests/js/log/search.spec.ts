import { aReader, lines, turn } from './fakes';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('a text is looked for in the window first', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10_000));
  screen.finds = [true];
  reader.find('line', false);
  await turn();
  expect(log.queries).toEqual([]);
});

test('a text that is beyond the window is found in the whole log and shown', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10_000));
  const { position } = reader;
  log.matches = [{ offset: 700_005, size_bytes: 10, line_offset: 700_000 }];
  reader.find('0000007000', true);
  await turn();
  expect(log.queries[0]).toMatchObject({ text: '0000007000', backwards: true });
  expect(log.queries[0].from).toBeLessThan(position);
  expect(screen.lines).toContain(7_000);
  expect(screen.selected).toEqual([700_000, '0000007000']);
  expect(reader.following).toBe(false);
});

test('a search that comes to the end goes on at the beginning, and says so', async () => {
  const { log, reader } = await aReader(lines(0, 10_000));
  log.matches = [
    { offset: null, size_bytes: null, line_offset: null },
    { offset: 5, size_bytes: 4, line_offset: 0 }
  ];
  reader.find('0000', false);
  await turn();
  expect(log.queries.map(({ from }) => from)).toEqual([1_000_000, 0]);
  expect(reader.message).toBe('0000 wrapped');
});

test('a text that is nowhere is said to be nowhere', async () => {
  const { reader } = await aReader(lines(0, 10_000));
  reader.find('nowhere', false);
  await turn();
  expect(reader.message).toBe('nowhere not found');
});

test('the first error is shown, then the next', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10_000));
  log.matches = [
    { offset: 1_005, size_bytes: 5, line_offset: 1_000 },
    { offset: 9_005, size_bytes: 5, line_offset: 9_000 }
  ];
  reader.findError();
  await turn();
  reader.findError();
  await turn();
  expect(log.queries.map(({ from }) => from)).toEqual([0, 1_010]);
  expect(screen.selected).toEqual([9_000, null]);
});
