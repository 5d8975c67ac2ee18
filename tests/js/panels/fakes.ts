// Models without a server: a test sets what they say, and reads what was asked of them.

import { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { ApiError } from '../../../src/api/error';
import type * as wire from '../../../src/api/wire';
import type { ITraining, IVerbs, IWorkspace } from '../../../src/tokens';
import { FakeComputes, FakeConnection, FakeListing, FakeQueue, FakeRuns } from '../fakes';

/** Every verb refuses until a test says otherwise; what was asked is in `asked`. */
export function fakeVerbs(
  answers: Partial<IVerbs> = {}
): IVerbs & { asked: [string, ...unknown[]][] } {
  const asked: [string, ...unknown[]][] = [];
  return new Proxy({ asked } as unknown as IVerbs & { asked: typeof asked }, {
    get: (target, name: string) => {
      if (name === 'asked' || name === 'then') {
        return Reflect.get(target, name) as unknown;
      }
      return (...args: unknown[]) => {
        asked.push([name, ...args]);
        const answer = (
          answers as Record<string, ((...args: unknown[]) => unknown) | undefined>
        )[name];
        return answer
          ? answer(...args)
          : Promise.reject(new ApiError('refused', 'The test says no.', 409));
      };
    }
  });
}

export class FakeWorkspace {
  constructor(
    readonly id = 'w1',
    answers: Partial<IVerbs> = {}
  ) {
    this.verbs = fakeVerbs(answers);
  }

  readonly connection = new FakeConnection();
  readonly runs = new FakeRuns();
  readonly queue = new FakeQueue();
  readonly computes = new FakeComputes();
  readonly environments = new FakeListing<wire.EnvironmentSummary>();
  readonly models = new FakeListing<wire.Model>();
  readonly verbs: IVerbs & { asked: [string, ...unknown[]][] };
  held = 0;

  connect(): IDisposable {
    this.held += 1;
    return new DisposableDelegate(() => {
      this.held -= 1;
    });
  }

  get asWorkspace(): IWorkspace {
    return this as unknown as IWorkspace;
  }
}

export class FakeTraining {
  constructor(...workspaces: FakeWorkspace[]) {
    this._workspaces = workspaces;
    this.current = (workspaces[0] as FakeWorkspace | undefined)?.asWorkspace ?? null;
  }

  workspaces: wire.WorkspaceInfo[] = [];
  current: IWorkspace | null;
  problem: string | null = null;
  readonly changed = new Signal<this, void>(this);
  refreshed = 0;
  private readonly _workspaces: FakeWorkspace[];

  workspace(id: string): IWorkspace {
    const found = this._workspaces.find(each => each.id === id);
    if (!found) {
      throw new Error(`no workspace ${id}`);
    }
    return found.asWorkspace;
  }

  choose(id: string): void {
    this.current = this.workspace(id);
    this.changed.emit();
  }

  refresh(): Promise<void> {
    this.refreshed += 1;
    return Promise.resolve();
  }

  get asTraining(): ITraining {
    return this as unknown as ITraining;
  }
}

export function anEntry(given: Partial<wire.QueueEntry> = {}): wire.QueueEntry {
  return {
    run_id: 'q1',
    label: 'digits #1',
    position: 1,
    reason: 'waiting for 1 GPU',
    resources: { cpus: null, gpus: 0, memory_bytes: null },
    ...given
  };
}

/** Commands that only say that they were executed, and with what. */
export function recordedCommands(...tables: { readonly [name: string]: string }[]): {
  commands: CommandRegistry;
  executed: [string, unknown][];
} {
  const executed: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const command of tables.flatMap(table => Object.values(table))) {
    commands.addCommand(command, {
      label: command,
      execute: args => {
        executed.push([command, args]);
      }
    });
  }
  return { commands, executed };
}
