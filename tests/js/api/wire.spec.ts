import { FINAL_STATES, PROTOCOL, WAITING_STATES } from '../../../src/api/wire';

describe('wire', () => {
  it('knows no state that both waits and has ended', () => {
    const both = [...WAITING_STATES].filter(state => FINAL_STATES.has(state));
    expect(both).toEqual([]);
  });

  it('says which protocol it speaks', () => {
    expect(PROTOCOL).toBeGreaterThan(0);
  });
});
