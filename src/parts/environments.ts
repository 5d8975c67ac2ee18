// How environments and their builds read, wherever the page says one.

import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { BUILD_LOG, DRIVER_LOG, FINAL_STATES } from '../api/wire';
import { shown } from './words';

/** How far an environment is, as people read it; to be put after its name. */
export function buildWord(trans: TranslationBundle, state: wire.BuildState): string {
  switch (state) {
    case 'Waiting':
      return trans.__('not built');
    case 'Building':
      return trans.__('building');
    case 'Built':
      return trans.__('built');
    case 'Failed':
      return trans.__('failed');
    case 'Canceled':
      return trans.__('canceled');
    case 'Stale':
      return trans.__('gone since');
  }
}

/** The state of a run that looks the same. */
export function lookOf(state: wire.BuildState): wire.RunState {
  switch (state) {
    case 'Waiting':
      return 'Queued';
    case 'Building':
      return 'Preparing';
    case 'Built':
      return 'Completed';
    case 'Failed':
      return 'Failed';
    case 'Canceled':
      return 'Canceled';
    case 'Stale':
      return 'NotResponding';
  }
}

/** What an environment is made of, in a word; of a definition or of what was built. */
export function kindWord(trans: TranslationBundle, kind: string): string {
  switch (kind) {
    case 'interpreter':
      return trans.__('Python of this machine');
    case 'packages':
      return trans.__('packages');
    case 'venv':
      return trans.__('virtual environment');
    case 'conda':
      return trans.__('conda environment');
    case 'image':
      return trans.__('image');
    case 'dockerfile':
      return trans.__('Dockerfile');
    default:
      return shown(kind);
  }
}

/** `NAME:VERSION`, or the name alone where there is no version yet. */
export function fullName(named: { name: string; version: string | null }): string {
  return shown(named.version === null ? named.name : `${named.name}:${named.version}`);
}

/** Whether something is made before a run in it can start, and packages can be added to it. */
export function isBuilt(environment: wire.EnvironmentSpec): boolean {
  return environment.packages !== null || environment.image !== null;
}

/** The log that says how a run is going: that of its environment until there is one of its own. */
export function logOf(run: wire.Run): string {
  const isPreparing = run.state === 'Preparing' || run.state === 'Provisioning';
  const neverStarted = FINAL_STATES.has(run.state) && run.started_at === null;
  return isBuilt(run.spec.environment) && (isPreparing || neverStarted)
    ? BUILD_LOG
    : DRIVER_LOG;
}

/** What a run failed for lack of and can be added to its environment, as the advice says it. */
export function missingPackages(run: wire.Run): string[] {
  const found = /--pip (?:"([^"]+)"|([\w.[\]-]*[\w\]]))/.exec(run.advice ?? '');
  return run.state === 'Failed' && found && isBuilt(run.spec.environment)
    ? (found[1] || found[2]).split(' ')
    : [];
}
