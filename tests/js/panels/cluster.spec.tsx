import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { ClusterNodes, leavingAt, summary } from '../../../src/panels/cluster';
import { aCluster, aClusterSpec, aNode, aRun } from '../builders';
import { FakeRuns, trans } from '../fakes';

const RUN = aRun({ state: 'Running', ended_at: null });

function show(cluster: wire.Cluster): jest.Mock {
  const runs = new FakeRuns();
  runs.know(RUN);
  const onOpen = jest.fn();
  render(
    <ClusterNodes
      name="cpu-cluster"
      cluster={cluster}
      waiting=""
      runs={runs}
      trans={trans}
      onOpen={onOpen}
    />
  );
  return onOpen;
}

const TWO = [
  aNode({ state: 'running', run_id: RUN.id }),
  aNode({ id: 'cpu-cluster-2', since: '2026-11-20T12:01:00Z' })
];

describe('a cluster', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: new Date('2026-11-20T12:02:00Z') });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('says how many nodes there are, and what they do', () => {
    expect(summary(trans, aCluster({ nodes: TWO }))).toBe('1 running, 1 idle');
    expect(summary(trans, aCluster())).toBe('');
    expect(summary(trans, aCluster({ allocation_state: 'Resizing', target_nodes: 3 }))).toBe(
      'resizing to 3'
    );
  });

  it('names the run of each node, and when an idle one goes', () => {
    const onOpen = show(aCluster({ nodes: TWO }));
    const rows = screen.getAllByRole('listitem').map(({ textContent }) => textContent);
    expect(rows).toEqual(['runningdigits #422:00', 'idlegoes in 29:00']);
    fireEvent.click(screen.getByRole('button', { name: 'digits #42' }));
    expect(onOpen).toHaveBeenCalledWith(RUN.id);
  });

  it('says its nodes as a meter', () => {
    show(aCluster({ nodes: TWO }));
    const meter = screen.getByRole('meter', { name: 'Nodes' });
    expect(meter.getAttribute('aria-valuetext')).toBe('2 of 4');
  });

  it('says why it is as it is, and what the size has more of', () => {
    show(
      aCluster({
        reason: 'waiting for 2 CPUs of this machine',
        note: 'STANDARD_NC6 has 1 GPU and this machine none.'
      })
    );
    expect(screen.getByText('waiting for 2 CPUs of this machine')).toBeTruthy();
    expect(screen.getByText('STANDARD_NC6 has 1 GPU and this machine none.')).toBeTruthy();
  });

  it('keeps the nodes that have been idle for the shortest time', () => {
    const nodes = [
      aNode({ id: 'new', since: '2026-11-20T12:01:00Z' }),
      aNode({ id: 'old', since: '2026-11-20T12:00:00Z' })
    ];
    const spec = aClusterSpec({ min_nodes: 1, idle_s: 60 });
    expect([...leavingAt(aCluster({ nodes, spec }))]).toEqual([
      ['old', Date.parse('2026-11-20T12:01:00Z')]
    ]);
    show(aCluster({ nodes, spec }));
    expect(screen.getByText('stays')).toBeTruthy();
  });
});
