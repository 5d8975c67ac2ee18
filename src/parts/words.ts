// How times, sizes, numbers and states read, wherever the page says one.

import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { FINAL_STATES } from '../api/wire';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SIZE_UNITS: readonly string[] = ['kB', 'MB', 'GB', 'TB'];

// Times

/** A length of time: `0:12`, `1:03:20`. */
export function duration(lengthMs: number): string {
  const seconds = Math.max(0, Math.floor(lengthMs / SECOND_MS));
  const two = (count: number): string => String(count).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** How long ago something was: `12 s ago`, `2 min ago`, `yesterday`; the day if long. */
export function age(trans: TranslationBundle, at: Date, nowMs: number): string {
  const passedMs = nowMs - at.getTime();
  if (passedMs < SECOND_MS) {
    return trans.__('just now');
  }
  if (passedMs < MINUTE_MS) {
    return trans.__('%1 s ago', Math.floor(passedMs / SECOND_MS));
  }
  if (passedMs < HOUR_MS) {
    return trans.__('%1 min ago', Math.floor(passedMs / MINUTE_MS));
  }
  const days = Math.round((midnight(new Date(nowMs)) - midnight(at)) / DAY_MS);
  if (passedMs < 12 * HOUR_MS || days === 0) {
    return trans.__('%1 h ago', Math.floor(passedMs / HOUR_MS));
  }
  if (days === 1) {
    return trans.__('yesterday');
  }
  return days < 7 ? trans._n('%1 day ago', '%1 days ago', days) : dayFormat().format(at);
}

/** An instant in full, in the reader's own time: for titles. */
export function instant(at: Date): string {
  return instantFormat().format(at);
}

/** How often an age of this length reads differently. */
export function agePeriodMs(passedMs: number): number {
  return passedMs < MINUTE_MS ? SECOND_MS : passedMs < HOUR_MS ? MINUTE_MS / 2 : HOUR_MS / 6;
}

/** How long a run has been running or, until it starts, waiting. */
export function elapsedMs(run: wire.Run, nowMs: number): number {
  const start = Date.parse(run.started_at ?? run.created_at);
  const end = run.ended_at === null ? nowMs : Date.parse(run.ended_at);
  return Math.max(0, end - start);
}

// Making one costs more than a row of a list.
const dayFormat = once(() => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }));
const instantFormat = once(
  () => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
);

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

// Sizes and numbers

/** A number of bytes, in powers of 1000: `812 bytes`, `12 kB`, `1.4 GB`. */
export function size(trans: TranslationBundle, bytes: number): string {
  if (bytes < 1_000) {
    return trans._n('%1 byte', '%1 bytes', bytes);
  }
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0);
  return `${digits} ${SIZE_UNITS[unit]}`;
}

/** Memory as it was asked for: `4GB` is read in powers of 1024, and so said. */
export function askedSize(trans: TranslationBundle, bytes: number): string {
  for (let power = SIZE_UNITS.length; power > 0; power--) {
    const unit = 1_024 ** power;
    if (bytes % unit === 0 && unit <= bytes && bytes < 10_000 * unit) {
      return `${bytes / unit} ${SIZE_UNITS[power - 1]}`;
    }
  }
  return size(trans, bytes);
}

/** A metric's value with 3 significant digits; whole numbers below a million as they are. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) {
    return String(value);
  }
  const magnitude = Math.abs(value);
  if (magnitude < 1_000_000 && (Number.isInteger(value) || magnitude >= 999.5)) {
    return value.toFixed(0);
  }
  return String(Number(value.toPrecision(3)));
}

/** How many CPUs: `1 CPU`, `4 CPUs`. */
export function cpus(trans: TranslationBundle, count: number): string {
  return trans._n('%1 CPU', '%1 CPUs', count);
}

/** How many GPUs: `1 GPU`, `4 GPUs`. */
export function gpus(trans: TranslationBundle, count: number): string {
  return trans._n('%1 GPU', '%1 GPUs', count);
}

// Runs

/** The time limit of a run for which none was set: thirty days. */
export const LONGEST_S = 2_592_000;

/** The state's name as people read it. */
export function stateWord(trans: TranslationBundle, state: wire.RunState): string {
  switch (state) {
    case 'NotStarted':
      return trans.__('Not started');
    case 'Preparing':
      return trans.__('Preparing');
    case 'Provisioning':
      return trans.__('Provisioning');
    case 'Queued':
      return trans.__('Queued');
    case 'Starting':
      return trans.__('Starting');
    case 'Running':
      return trans.__('Running');
    case 'Finalizing':
      return trans.__('Finalizing');
    case 'CancelRequested':
      return trans.__('Canceling');
    case 'Completed':
      return trans.__('Completed');
    case 'Failed':
      return trans.__('Failed');
    case 'Canceled':
      return trans.__('Canceled');
    case 'NotResponding':
      return trans.__('Not responding');
  }
}

/** The name and number that people see, as in `digits #42`. */
export function runLabel(run: wire.Run): string {
  return `${shown(run.spec.name ?? run.spec.experiment)} #${run.number}`;
}

/** Which attempt it is of how many there may be: `2 of 3`; empty where there is but one. */
export function attemptWords(trans: TranslationBundle, run: wire.Run): string {
  const most = Math.max(run.attempt, run.spec.retries + 1);
  return most > 1 ? trans.__('%1 of %2', run.attempt, most) : '';
}

/** Whether a notebook, or a program, logs it from its own process, which is not ours to end. */
export function isInteractive({ spec }: wire.Run): boolean {
  return spec.kind === 'interactive';
}

/** Where it runs and what it holds there, or asks for: `local · 2 CPUs · 1 GPU`. */
export function place(trans: TranslationBundle, run: wire.Run): string {
  if (isInteractive(run)) {
    return trans.__('from a notebook');
  }
  const lease = run.nodes[0]?.lease ?? null;
  const asked = run.spec.resources;
  const cpuCount = lease ? lease.cpus : (asked.cpus ?? 0);
  const gpuCount = lease ? lease.gpus.length : asked.gpus;
  return [
    shown(run.spec.compute),
    ...(cpuCount ? [cpus(trans, cpuCount)] : []),
    ...(gpuCount ? [gpus(trans, gpuCount)] : []),
    ...(asked.memory_bytes ? [askedSize(trans, asked.memory_bytes)] : [])
  ].join(' · ');
}

/** Why a run was canceled, to be read after its state: `by you after 0:41`. */
export function canceledReason(run: wire.Run): string {
  return shown(run.reason.replace(/^cancell?ed:? /i, ''));
}

/** Whether nothing can follow the run's state. */
export function isFinal(run: wire.Run): boolean {
  return FINAL_STATES.has(run.state);
}

/** Whether a cancel makes sense: not once it has ended, nor when it is asked for already. */
export function canCancel(run: wire.Run): boolean {
  return !isFinal(run) && run.state !== 'CancelRequested' && run.state !== 'Finalizing';
}

/** Whether the run can be done again: not what a notebook logs, nor a part of another run. */
export function canRepeat(run: wire.Run): boolean {
  return run.parent_id === null && !isInteractive(run);
}

/** Whether a file is what the run was made for: no log, nor a pickle of a notebook's variable. */
export function isOutput(file: { name: string }): boolean {
  return !/^(azureml-logs|logs|variables)\//.test(file.name);
}

// Names that others have chosen

// Controls, and what would turn the text around it: Unicode TR9, section 2.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A name as one harmless line: a character that would not show, or turn others, as U+FFFD. */
export function shown(text: string): string {
  return text.replace(UNSEEN, '\ufffd');
}

/** A text of several lines, each of them harmless. */
export function shownLines(text: string): string {
  return text.split(/\r?\n/).map(shown).join('\n');
}

/** The first line of a text, where there is room for no more. */
export function shownStart(text: string): string {
  return shown(text.split(/\r?\n/, 1)[0]);
}
