import { aReader, LINE, lines, turn } from './fakes';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('a log opens at its end without being read', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10_000));
  expect(log.reads).toEqual([]);
  expect(screen.lines.at(-1)).toBe(9_999);
  expect(reader.following).toBe(true);
  expect(reader.whole).toBe(false);
});

test('what comes is shown once, in order', async () => {
  const { log, screen } = await aReader(lines(0, 10));
  log.add(lines(10, 12));
  await turn();
  log.add(lines(12, 15));
  await turn();
  expect(screen.lines).toEqual([...Array(15).keys()]);
});

test('while the screen is busy, what comes waits, and is given to it together', async () => {
  const { log, screen } = await aReader(lines(0, 1));
  screen.blocked = true;
  log.add(lines(1, 2));
  await turn();
  for (let line = 2; line < 50; line++) {
    log.add(lines(line, line + 1));
  }
  await turn();
  expect(screen.lines.length).toBe(2);
  screen.blocked = false;
  screen.waiting.forEach(go => go());
  await turn();
  expect(screen.lines).toEqual([...Array(50).keys()]);
});

test('a flood is skipped with a note, and the end is shown', async () => {
  const { log, screen } = await aReader(lines(0, 10));
  log.add(lines(10, 5_000));
  await turn();
  expect(screen.text_).toContain(`${(5_000 - 200 - 10) * LINE} skipped`);
  expect(screen.lines.at(-1)).toBe(4_999);
});

test('a log that grows faster than it is shown is still followed', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10));
  screen.blocked = true;
  log.add(lines(10, 20));
  await turn();
  log.add(lines(20, 5_000));
  screen.events.moved();
  expect(reader.following).toBe(true);
});

test('it stops following when somebody scrolls up, and goes on at the end', async () => {
  const { log, screen, reader } = await aReader(lines(0, 50));
  screen.scroll({ atEnd: false });
  expect(reader.following).toBe(false);
  screen.scroll({ atEnd: true });
  expect(reader.following).toBe(true);
  log.add(lines(50, 51));
  await turn();
  expect(screen.lines.at(-1)).toBe(50);
});

test('what somebody reads stays, however much comes', async () => {
  const { log, screen, reader } = await aReader(lines(0, 100));
  screen.scroll({ atEnd: false });
  for (let line = 100; line < 2_000; line += 100) {
    log.add(lines(line, line + 100));
    await turn();
  }
  expect(screen.lines[0]).toBe(0);
  expect(screen.lines.length).toBeLessThanOrEqual(500);
  reader.follow();
  await turn();
  expect(screen.lines.at(-1)).toBe(1_999);
  expect(reader.following).toBe(true);
});

test('scrolling up past the top reads what is before, and stays where it was', async () => {
  const { log, screen } = await aReader(lines(0, 10_000));
  const top = screen.lines[0];
  screen.scroll({ atStart: true });
  await turn();
  expect(log.reads.length).toBe(1);
  expect(screen.lines[0]).toBeLessThan(top);
  expect(screen.lines).toContain(top);
  expect(screen.anchored).toEqual({ offset: top * LINE, rows: 0 });
});

test('what cannot be read is said, and not asked for again and again', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10_000));
  log.failure = new Error('no answer');
  screen.scroll({ atStart: true });
  await turn();
  screen.scroll({ atStart: true });
  await turn();
  expect(reader.message).toBe('failed: no answer');
  expect(log.reads.length).toBe(1);
  log.failure = null;
  screen.scroll({});
  screen.scroll({ atStart: true });
  await turn();
  expect(log.reads.length).toBe(2);
});

test('the beginning is one step away, and reading on goes to the end', async () => {
  const { screen, reader } = await aReader(lines(0, 3_000));
  reader.toStart();
  await turn();
  expect(screen.lines[0]).toBe(0);
  expect(reader.following).toBe(false);
  for (let step = 0; step < 50 && !reader.following; step++) {
    screen.scroll({ atEnd: true });
    await turn();
  }
  expect(screen.lines.at(-1)).toBe(2_999);
  expect(reader.following).toBe(true);
});

test('any offset can be gone to', async () => {
  const { screen, reader } = await aReader(lines(0, 10_000));
  reader.goTo(5_000 * LINE);
  await turn();
  expect(screen.lines).toContain(5_000);
  expect(screen.anchored?.offset).toBe(5_000 * LINE);
});

test('of several places that are asked for at once, the last is shown', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10_000));
  for (const line of [1_000, 2_000, 3_000, 4_000]) {
    reader.goTo(line * LINE);
  }
  await turn();
  expect(screen.lines).toContain(4_000);
  expect(log.reads.length).toBeLessThanOrEqual(2);
});

test('without wrapping the screen is as wide as the longest line', async () => {
  const { screen, reader } = await aReader(lines(0, 10));
  reader.setWrap(false);
  expect(screen.wide).toBe(LINE - 1);
});

test('its end is the end of the screen, and nothing is written after it', async () => {
  const { log, screen, reader } = await aReader(lines(0, 10));
  reader.dispose();
  log.add(lines(10, 20));
  await turn();
  expect(screen.disposed).toBe(true);
  expect(screen.lines.length).toBe(10);
});
